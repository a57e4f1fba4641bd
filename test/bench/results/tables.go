package results

import (
	"fmt"
	"strconv"
	"strings"
)

// Markdown is tables of all cases, with where they come from and whether the bars are held.
func (r *Results) Markdown() string {
	text := &strings.Builder{}
	if len(r.Cases) == 0 {
		text.WriteString("Nothing has been measured yet.\n")
	} else {
		fmt.Fprintf(text, "Measured with `%s`: %s, Kubernetes %s.\n", r.Command, r.Machine, r.Kubernetes)
	}
	r.writeTimes(text, "One failover after another", KindReadiness, KindDeletion)
	r.writeTimes(text, "Many leaders at once", burst, CaseBurstOfPair)
	r.writeTimes(text, "The operator itself fails", CaseTakeoverKill, CaseTakeoverTerminate, CaseTakeoverBurst)
	r.writeFigures(text)
	r.writeBars(text)
	return text.String()
}

// cases are those of these prefixes, in order.
func (r *Results) cases(prefixes ...string) []Case {
	var found []Case
	for _, c := range r.Cases {
		if c.isOf(prefixes...) && c.Ours != nil {
			found = append(found, c)
		}
	}
	return found
}

// writeTimes has a row for each case that has times.
func (r *Results) writeTimes(text *strings.Builder, title string, prefixes ...string) {
	cases := r.cases(prefixes...)
	if len(cases) == 0 {
		return
	}
	fmt.Fprintf(text, "\n### %s\n\n", title)
	text.WriteString("| case | failovers | Zen-Lead: p50 | p90 | p99 | longest | built-in: p50 | p90 | p99 | longest " +
		"| ratio of p50 | of p99 | of the longest | measured |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, c := range cases {
		fmt.Fprintf(text, "| %s | %d | %s | %s | %s |\n", c.Title, c.Ours.Count, times(c.Ours), c.comparison(), c.origin())
	}
}

// comparison is the built-in controller's part of a row.
func (c Case) comparison() string {
	if c.BuiltIn == nil {
		return strings.Join([]string{times(nil), "–", "–", "–"}, " | ")
	}
	cells := []string{times(c.BuiltIn)}
	for _, one := range []statistic{p50, p99, longest} {
		cells = append(cells, quotient(one.of(*c.Ours), one.of(*c.BuiltIn)))
	}
	return strings.Join(cells, " | ")
}

func quotient(ours, theirs float64) string {
	if theirs == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", ours/theirs)
}

func times(d *Distribution) string {
	if d == nil {
		return "– | – | – | –"
	}
	return strings.Join([]string{inUnits(d.P50), inUnits(d.P90), inUnits(d.P99), inUnits(d.Max)}, " | ")
}

// origin says when a case was measured, and with what.
func (c Case) origin() string {
	return c.Date.UTC().Format("2006-01-02") + ", commit " + c.Commit
}

// writeFigures has a row for each figure.
func (r *Results) writeFigures(text *strings.Builder) {
	begun := false
	for _, c := range r.Cases {
		for _, figure := range c.Figures {
			if !begun {
				text.WriteString("\n### Figures\n\n| case | figure | value | measured |\n|---|---|---|---|\n")
			}
			begun = true
			fmt.Fprintf(text, "| %s | %s | %s | %s |\n", c.Title, figure.Name, figure, c.origin())
		}
	}
}

func (r *Results) writeBars(text *strings.Builder) {
	text.WriteString("\n### What must hold\n\n| rule | held | measured |\n|---|---|---|\n")
	for _, bar := range r.Bars() {
		fmt.Fprintf(text, "| %s | %s | %s |\n", bar.Text, bar.Verdict(), bar.Measured)
	}
}

// String is the figure's value with its unit.
func (f Figure) String() string {
	if f.Unit == UnitMilliseconds {
		return inUnits(f.Value)
	}
	return strings.TrimSpace(number(f.Value) + " " + f.Unit)
}

// number has three digits at least, and no more than are of use: 0, 1.98, 37.2, 5023.
func number(value float64) string {
	precision := 2
	switch {
	case value >= 100:
		precision = 0
	case value >= 10:
		precision = 1
	}
	text := strconv.FormatFloat(value, 'f', precision, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// inUnits takes milliseconds. Three digits are more than the measurement is good for.
func inUnits(milliseconds float64) string {
	switch {
	case milliseconds < 99.95:
		return fmt.Sprintf("%.1f ms", milliseconds)
	case milliseconds < 999.5:
		return fmt.Sprintf("%.0f ms", milliseconds)
	default:
		return fmt.Sprintf("%.2f s", milliseconds/1000)
	}
}
