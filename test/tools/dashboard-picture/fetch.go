package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// result is what a query returned.
type result struct {
	target target
	series []series
}

// problem is why a query has nothing to show.
type problem struct {
	query, text string
	empty       bool
}

// fetch runs a panel's queries.
func fetch(ctx context.Context, client *prometheus, board *dashboard, p panel, o *options) (data []result, problems []problem) {
	for _, t := range p.Targets {
		found, err := query(ctx, client, board, p, t, o)
		if err != nil {
			problems = append(problems, problem{query: t.RefID, text: err.Error()})
		} else if len(found) == 0 {
			problems = append(problems, problem{query: t.RefID, text: "no data", empty: true})
		}
		data = append(data, result{target: t, series: found})
	}
	return data, problems
}

// query runs one. Series without any number are left out.
func query(ctx context.Context, client *prometheus, board *dashboard, p panel, t target, o *options) ([]series, error) {
	step := p.step(o)
	expr, err := board.expand(t.Expr, step, o)
	if err != nil {
		return nil, err
	}
	var found []series
	if t.Instant {
		found, err = client.atOnce(ctx, expr, o.to)
	} else {
		found, err = client.overTime(ctx, expr, o.from, o.to, step)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, expr)
	}
	found = slices.DeleteFunc(found, func(s series) bool {
		_, hasNumber := s.last()
		return !hasNumber
	})
	slices.SortStableFunc(found, func(a, b series) int { return cmp.Compare(a.key(), b.key()) })
	return found, nil
}

// key orders series and joins those with the same labels.
func (s series) key() string {
	parts := make([]string, 0, len(s.labels))
	for _, name := range slices.Sorted(maps.Keys(s.labels)) {
		parts = append(parts, name+"="+s.labels[name])
	}
	return strings.Join(parts, "\x00")
}

var labelReference = regexp.MustCompile(`{{\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*}}`)

// legend is a series' name.
func (s series) legend(format string) string {
	return labelReference.ReplaceAllStringFunc(format, func(text string) string {
		return s.labels[labelReference.FindStringSubmatch(text)[1]]
	})
}
