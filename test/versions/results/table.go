package results

import (
	"fmt"
	"strings"
)

// Markdown is a table of all versions, and why specs were left out.
func (r *Results) Markdown() string {
	if len(r.Versions) == 0 {
		return "Nothing has been run yet.\n"
	}
	text := &strings.Builder{}
	text.WriteString("| Kubernetes | specs passed | failed | left out | run |\n|---|---|---|---|---|\n")
	for _, v := range r.Versions {
		failed := fmt.Sprint(len(v.Failed))
		if len(v.Failed) > 0 {
			failed = "**" + failed + "**"
		}
		fmt.Fprintf(text, "| %s | %d | %s | %d | %s, commit %s |\n", v.Kubernetes, v.Passed, failed, len(v.LeftOut),
			v.Date.UTC().Format("2006-01-02"), v.Commit)
	}
	r.writeReasons(text)
	return text.String()
}

// writeReasons has a line for each reason why specs were left out, with the versions that it holds for.
func (r *Results) writeReasons(text *strings.Builder) {
	var reasons []string
	minors := map[string][]string{}
	for _, v := range r.Versions {
		for _, leftOut := range v.LeftOut {
			reason := leftOut.Reason
			if minors[reason] == nil {
				reasons = append(reasons, reason)
			}
			if of := minors[reason]; len(of) == 0 || of[len(of)-1] != v.Minor {
				minors[reason] = append(of, v.Minor)
			}
		}
	}
	if len(reasons) > 0 {
		text.WriteString("\nLeft out:\n\n")
	}
	for _, reason := range reasons {
		fmt.Fprintf(text, "- with %s: %s\n", strings.Join(minors[reason], ", "), reason)
	}
}
