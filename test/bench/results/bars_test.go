package results_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/zen-lead/zen-lead/test/bench/results"
)

// failovers took so many milliseconds at the middle, and in the 99th percentile and at most.
func failovers(count int, p50, p99 float64) *results.Distribution {
	return &results.Distribution{Count: count, P50: p50, P90: p50, P99: p99, Max: p99}
}

// compared is a case with ours against the built-in controller's.
func compared(name string, ours, builtIn *results.Distribution) results.Case {
	return results.Case{Name: name, Title: name, Ours: ours, BuiltIn: builtIn}
}

// counted is a case with one figure.
func counted(name, figure string, value float64, unit string) results.Case {
	return results.Case{Name: name, Title: name, Figures: []results.Figure{{Name: figure, Value: value, Unit: unit}}}
}

// terminated is a case of the same failovers with and without the acting replica's end.
func terminated(count int, p99, undisturbed float64) results.Case {
	c := counted(results.CaseTakeoverTerminate, results.FigureUndisturbed, undisturbed, results.UnitMilliseconds)
	c.Ours = failovers(count, 5, p99)
	return c
}

func TestBars(t *testing.T) {
	theirs := failovers(200, 10, 20)
	readiness := results.SequentialName(results.KindReadiness, 20)
	for name, c := range map[string]struct {
		cases []results.Case
		held  []string // the beginnings of the bars that are held
		lost  []string // and of those that are not
	}{
		"nothing measured": {},
		"as fast as the bars ask for": {
			cases: []results.Case{compared(readiness, failovers(200, 8, 20), theirs)},
			held:  []string{"Leader not ready, 20 Services: p50", "Leader not ready, 20 Services: p99"},
		},
		"slower in the middle": {
			cases: []results.Case{compared(readiness, failovers(200, 8.1, 20), theirs)},
			held:  []string{"Leader not ready, 20 Services: p99"}, lost: []string{"Leader not ready, 20 Services: p50"},
		},
		"slower at the end": {
			cases: []results.Case{compared("deletion-500", failovers(200, 8, 20.1), theirs)},
			held:  []string{"Leader deleted, 500 Services: p50"}, lost: []string{"Leader deleted, 500 Services: p99"},
		},
		"too few failovers":                   {cases: []results.Case{compared(readiness, failovers(199, 1, 1), theirs)}},
		"too few of the built-in controller":  {cases: []results.Case{compared(readiness, failovers(200, 1, 1), failovers(199, 10, 20))}},
		"a number of Services without a bar":  {cases: []results.Case{compared("readiness-50", failovers(200, 1, 1), theirs)}},
		"no comparison":                       {cases: []results.Case{compared(readiness, failovers(200, 1, 1), nil)}},
		"a comparison with nothing":           {cases: []results.Case{compared(readiness, failovers(200, 1, 1), &results.Distribution{})}},
		"a burst that is just fast enough":    {cases: []results.Case{compared("burst-500", failovers(500, 3.5, 10), theirs500())}, held: []string{"Burst", "Burst"}},
		"a burst with a straggler":            {cases: []results.Case{compared("burst-500", failovers(500, 3.5, 11), theirs500())}, held: []string{"Burst"}, lost: []string{"Burst"}},
		"a small burst":                       {cases: []results.Case{compared("burst-100", failovers(100, 1, 1), theirs)}},
		"killed, within a second":             {cases: []results.Case{compared(results.CaseTakeoverKill, failovers(50, 300, 1000), nil)}, held: []string{"Acting replica killed"}},
		"killed, and later than that":         {cases: []results.Case{compared(results.CaseTakeoverKill, failovers(50, 300, 1001), nil)}, lost: []string{"Acting replica killed"}},
		"killed too seldom":                   {cases: []results.Case{compared(results.CaseTakeoverKill, failovers(49, 1, 1), nil)}},
		"terminated, 300 ms more":             {cases: []results.Case{terminated(50, 305, 5)}, held: []string{"Acting replica stopped"}},
		"terminated, more than that":          {cases: []results.Case{terminated(50, 306, 5)}, lost: []string{"Acting replica stopped"}},
		"terminated, of unknown effect":       {cases: []results.Case{compared(results.CaseTakeoverTerminate, failovers(50, 1, 1), nil)}},
		"one write before":                    {cases: []results.Case{counted(results.CaseCalls, results.FigureWritesBeforeMoved, 1, results.UnitWrites)}, held: []string{"Writes until"}},
		"more than two writes on the average": {cases: []results.Case{counted(results.CaseCalls, results.FigureWritesPerFailover, 2.01, results.UnitWrites)}, lost: []string{"Writes of a failover"}},
		"a write at rest":                     {cases: []results.Case{counted(results.CaseCalls, results.FigureWritesAtRest, 1, results.UnitWrites)}, lost: []string{"Writes at rest"}},
		"quiet":                               {cases: []results.Case{counted(results.CaseCalls, results.FigureWritesAtRest, 0, results.UnitWrites)}, held: []string{"Writes at rest"}},
		"a large process":                     {cases: []results.Case{counted(results.CaseMemory, results.FigureResidentEmpty, 40.1, results.UnitMiB)}, lost: []string{"Resident memory of the empty"}},
		"Pods in other units":                 {cases: []results.Case{counted(results.CaseMemory, results.FigurePerPod, 2.5, results.UnitMiB)}},
		"small Pods":                          {cases: []results.Case{counted(results.CaseMemory, results.FigurePerPod, 2.5, results.UnitKiB)}, held: []string{"Resident memory for each"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := &results.Results{Cases: c.cases}
			var held, lost []string
			for _, bar := range r.Bars() {
				switch {
				case bar.Missing && bar.Held:
					t.Errorf("%s: is held without a measurement", bar.Text)
				case bar.Held:
					held = append(held, bar.Text)
				case !bar.Missing:
					lost = append(lost, bar.Text)
				}
			}
			if !slices.EqualFunc(held, c.held, strings.HasPrefix) || !slices.EqualFunc(lost, c.lost, strings.HasPrefix) {
				t.Errorf("held are %q and not held %q, want %q and %q", held, lost, c.held, c.lost)
			}
		})
	}
}

// theirs500 is a burst of the built-in controller.
func theirs500() *results.Distribution {
	return failovers(500, 10, 20)
}

func TestTheCostOfServicesIsJudgedBetweenFewAndMany(t *testing.T) {
	for many, want := range map[float64]string{12.9: "yes", 13: "**no**"} {
		r := &results.Results{Cases: []results.Case{
			compared("readiness-20", failovers(200, 10, 20), nil), compared("readiness-5000", failovers(200, many, 20), nil),
		}}
		if got := bar(t, r, "Leader not ready: p50 with 5000").Verdict(); got != want {
			t.Errorf("10 ms with 20 Services and %v ms with 5000: held is %s, want %s", many, got, want)
		}
	}
}

func TestABarThatWasNotMeasuredSaysWhy(t *testing.T) {
	r := &results.Results{Cases: []results.Case{compared("readiness-20", failovers(50, 5, 20), failovers(50, 10, 20))}}
	few, none := bar(t, r, "Leader not ready, 20 Services: p50"), bar(t, r, "Leader deleted, 20 Services: p50")
	if want := "0.50 (5.0 ms of 10.0 ms), but of 50 failovers only: 200 are needed"; few.Measured != want || few.Verdict() != "–" {
		t.Errorf("of too few: %s %q, want %q", few.Verdict(), few.Measured, want)
	}
	if none.Measured != "not measured" || none.Verdict() != "–" {
		t.Errorf("of none: %s %q", none.Verdict(), none.Measured)
	}
}

// bar is the one that begins so.
func bar(t *testing.T, r *results.Results, beginning string) results.Bar {
	t.Helper()
	for _, one := range r.Bars() {
		if strings.HasPrefix(one.Text, beginning) {
			return one
		}
	}
	t.Fatalf("no bar begins with %q", beginning)
	return results.Bar{}
}
