package results_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/zen-lead/zen-lead/test/bench/results"
)

func TestNamesOfCases(t *testing.T) {
	if got := results.SequentialName(results.KindDeletion, 500); got != "deletion-500" {
		t.Errorf("a sequential case is %q", got)
	}
	if got := results.BurstName(2000); got != "burst-2000" {
		t.Errorf("a burst is %q", got)
	}
}

func TestDistributions(t *testing.T) {
	hundred := make([]float64, 0, 100)
	for i := 100; i > 0; i-- {
		hundred = append(hundred, float64(i))
	}
	for name, c := range map[string]struct {
		of   []float64
		want results.Distribution
	}{
		"of nothing":       {nil, results.Distribution{}},
		"of one":           {[]float64{3}, results.Distribution{Count: 1, P50: 3, P90: 3, P99: 3, Max: 3}},
		"in any order":     {[]float64{9, 1, 5}, results.Distribution{Count: 3, P50: 5, P90: 9, P99: 9, Max: 9}},
		"of a hundred":     {hundred, results.Distribution{Count: 100, P50: 50, P90: 90, P99: 99, Max: 100}},
		"of fifty":         {hundred[:50], results.Distribution{Count: 50, P50: 75, P90: 95, P99: 100, Max: 100}},
		"to microseconds":  {[]float64{1.23456}, results.Distribution{Count: 1, P50: 1.235, P90: 1.235, P99: 1.235, Max: 1.235}},
		"of the same once": {[]float64{2, 2, 2, 8}, results.Distribution{Count: 4, P50: 2, P90: 8, P99: 8, Max: 8}},
	} {
		if got := results.DistributionOf(c.of); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestDistributionsAreInOrderAndLeaveTheTimesAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Float64Range(0, 1e6), 1, 300).Draw(t, "times")
		before := slices.Clone(times)
		d := results.DistributionOf(times)
		if !slices.IsSorted([]float64{d.P50, d.P90, d.P99, d.Max}) || d.Count != len(times) {
			t.Fatalf("not in order: %+v", d)
		}
		if !slices.Equal(times, before) {
			t.Fatal("the times were changed")
		}
	})
}

func TestANewMeasurementReplacesTheOldOneAndKeepsTheOrder(t *testing.T) {
	r := &results.Results{}
	for _, name := range []string{"cpu", "burst-500", "readiness-5000", "memory", "takeover-kill", "readiness-20", "deletion-20", "other", "readiness-500", "startup", "calls"} {
		r.Put(results.Case{Name: name, Commit: "old"})
	}
	r.Put(results.Case{Name: "readiness-500", Commit: "new"})
	want := []string{"readiness-20", "readiness-500", "readiness-5000", "deletion-20", "burst-500", "takeover-kill", "calls", "startup", "memory", "cpu", "other"}
	var got []string
	for _, c := range r.Cases {
		got = append(got, c.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("cases are %q, want %q", got, want)
	}
	if c, found := r.Find("readiness-500"); !found || c.Commit != "new" {
		t.Errorf("readiness-500 is %+v", c)
	}
	if _, found := r.Find("power"); found {
		t.Error("power was found")
	}
}

func TestResultsAreTheSameAfterJSON(t *testing.T) {
	r := &results.Results{Command: "make bench", Machine: "m", Kubernetes: "v1", Cases: []results.Case{
		{
			Name: "readiness-20", Title: "t", Date: time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC), Commit: "c",
			Ours: failovers(1, 2, 3), BuiltIn: failovers(4, 5, 6),
		},
		counted(results.CaseMemory, results.FigurePerPod, 1.5, results.UnitKiB),
	}}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var again results.Results
	if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(*r, again) {
		t.Errorf("%v\n%+v became\n%+v", err, *r, again)
	}
	if strings.Contains(string(text), `"built_in_ms":null`) {
		t.Errorf("what was not measured stands in %s", text)
	}
}

func TestTablesHaveARowForEachCaseAndFigureAndBar(t *testing.T) {
	r := &results.Results{Command: "make bench", Machine: "a machine", Kubernetes: "v1.37.2"}
	for _, c := range []results.Case{
		compared("readiness-20", failovers(200, 4, 2345), failovers(200, 5, 4690)),
		compared("burst-500", failovers(500, 123.4, 456), failovers(500, 1234, 4560)),
		compared(results.CaseTakeoverKill, failovers(50, 300, 400), nil),
		{Name: results.CaseMemory, Title: "Memory", Commit: "c0ffee", Date: time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC), Figures: []results.Figure{
			{Name: results.FigureResidentEmpty, Value: 31.25, Unit: results.UnitMiB}, {Name: results.FigureUnrelatedPods, Value: 50000},
		}},
	} {
		r.Put(c)
	}
	text := r.Markdown()
	for _, want := range []string{
		"Measured with `make bench`: a machine, Kubernetes v1.37.2.",
		"### One failover after another",
		"| readiness-20 | 200 | 4.0 ms | 4.0 ms | 2.35 s | 2.35 s | 5.0 ms | 5.0 ms | 4.69 s | 4.69 s | 0.80 | 0.50 | 0.50 | 0001-01-01, commit  |",
		"### Many leaders at once", "| burst-500 | 500 | 123 ms | 123 ms | 456 ms | 456 ms | 1.23 s |",
		"### The operator itself fails", "| takeover-kill | 50 | 300 ms | 300 ms | 400 ms | 400 ms | – | – | – | – | – | – | – |",
		"### Figures", "| Memory | resident memory, empty | 31.2 MiB | 2026-11-24, commit c0ffee |", "| Memory | unrelated Pods | 50000 |",
		"### What must hold", "| yes | 31.2 MiB |", "| – | not measured |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestTablesOfNothingSaySo(t *testing.T) {
	text := (&results.Results{}).Markdown()
	if !strings.HasPrefix(text, "Nothing has been measured yet.\n\n### What must hold") {
		t.Errorf("nothing measured is\n%s", text)
	}
}

func TestFiguresAreWrittenWithTheirUnits(t *testing.T) {
	for want, figure := range map[string]results.Figure{
		"0 writes":         {Unit: results.UnitWrites},
		"2 writes":         {Value: 2, Unit: results.UnitWrites},
		"1.98 KiB":         {Value: 1.9849, Unit: results.UnitKiB},
		"12.3 % of a core": {Value: 12.34, Unit: results.UnitPercent},
		"100 MiB":          {Value: 99.98, Unit: results.UnitMiB},
		"50123 calls":      {Value: 50123, Unit: results.UnitCalls},
		"7":                {Value: 7},
		"8.1 ms":           {Value: 8.1, Unit: results.UnitMilliseconds},
		"1.50 s":           {Value: 1499.6, Unit: results.UnitMilliseconds},
	} {
		if got := figure.String(); got != want {
			t.Errorf("%+v is %q, want %q", figure, got, want)
		}
	}
}
