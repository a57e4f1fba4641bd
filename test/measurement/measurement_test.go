package measurement_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/zen-lead/zen-lead/test/measurement"
)

func TestWhichCasesAreAskedFor(t *testing.T) {
	known := []string{"burst", "calls"}
	for list, want := range map[string][]string{
		"": nil, "burst": {"burst"}, "calls, burst": {"calls", "burst"}, "calls,": {"calls"},
	} {
		if got, err := measurement.Chosen(list, known); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", list, got, err)
		}
	}
	for _, list := range []string{"bursts", "burst,x", ",", " "} {
		if got, err := measurement.Chosen(list, known); err == nil {
			t.Errorf("%q is taken for %v", list, got)
		}
	}
}

func TestResultsAreKeptInAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.json")
	got := map[string]int{}
	if err := measurement.Read(path, &got); err != nil || len(got) > 0 {
		t.Errorf("before there is one: %v, %v", got, err)
	}
	if err := measurement.Write(path, map[string]int{"a": 1}); err != nil {
		t.Fatal(err)
	}
	if err := measurement.Read(path, &got); err != nil || got["a"] != 1 {
		t.Errorf("%v, %v", got, err)
	}
}
