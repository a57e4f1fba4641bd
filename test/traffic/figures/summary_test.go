package figures_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zen-lead/zen-lead/test/traffic/figures"
)

func TestPercentiles(t *testing.T) {
	for _, c := range []struct {
		values     []float64
		percentage float64
		want       float64
	}{
		{nil, 50, 0},
		{[]float64{7}, 0, 7},
		{[]float64{7}, 100, 7},
		{[]float64{3, 1, 2}, 50, 2},
		{[]float64{4, 1, 3, 2}, 50, 2.5},
		{[]float64{4, 1, 3, 2}, 100, 4},
		{[]float64{4, 1, 3, 2}, 0, 1},
		{[]float64{0, 10, 20, 30, 40}, 90, 36},
		{[]float64{1, 2}, 200, 2},
		{[]float64{1, math.Inf(1), math.Inf(1)}, 50, math.Inf(1)},
		{[]float64{1, 2, math.Inf(1), math.Inf(1)}, 50, math.Inf(1)},
	} {
		if got := figures.Percentile(c.values, c.percentage); got != c.want {
			t.Errorf("percentile %v of %v: %v, want %v", c.percentage, c.values, got, c.want)
		}
	}
}

func TestSummaryOfCases(t *testing.T) {
	s := figures.Summarise([]figures.Figures{
		{Requests: 10, Failed: 3, FailedByOutcome: map[string]int{"refused": 2, "reset": 1}, LongestGap: 40, FirstOther: 30},
		{Requests: 10, FailedByOutcome: map[string]int{}, LongestGap: 10, FirstOther: figures.None},
		{Requests: 10, Failed: 1, FailedByOutcome: map[string]int{"refused": 1}, LongestGap: 20, FirstOther: 10},
	})
	want := figures.Summary{
		Cases:    3,
		Requests: figures.Distribution{Median: 10, Max: 10},
		Failed:   figures.Distribution{Median: 1, Max: 3},
		FailedByOutcome: map[string]figures.Distribution{
			"refused": {Median: 1, Max: 2}, "reset": {Median: 0, Max: 1},
		},
		LongestGap: figures.Distribution{Median: 20, Max: 40},
		FirstOther: figures.Distribution{Median: 30, Max: figures.None}, // no other Pod at all is the longest wait
	}
	if difference := cmp.Diff(want, s); difference != "" {
		t.Error(difference)
	}
}

// Results are written in JSON, which has no infinity.
func TestSummariesCanBeWritten(t *testing.T) {
	for _, cases := range [][]figures.Figures{nil, {seen().failing("a", 10).figures()}} {
		if _, err := json.Marshal(figures.Summarise(cases)); err != nil {
			t.Error(err)
		}
	}
}

// A Summary lists every figure under the name that Figures has for it.
func TestSummaryNamesEveryFigure(t *testing.T) {
	names := func(value any) map[string]bool {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for name := range fields {
			found[name] = true
		}
		return found
	}
	summary := names(figures.Summary{})
	delete(summary, "cases")
	if difference := cmp.Diff(names(figures.Figures{}), summary); difference != "" {
		t.Error(difference)
	}
}
