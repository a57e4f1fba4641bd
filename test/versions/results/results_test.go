package results_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/zen-lead/zen-lead/test/versions/results"
)

// spec is how one spec ended.
func spec(name string, state types.SpecState, message string) types.SpecReport {
	return types.SpecReport{LeafNodeType: types.NodeTypeIt, LeafNodeText: name, State: state, Failure: types.Failure{Message: message}}
}

// reportOf is the report of a suite that has these specs and ran all of them.
func reportOf(specs ...types.SpecReport) types.Report {
	report := types.Report{PreRunStats: types.PreRunStats{TotalSpecs: len(specs), SpecsThatWillRun: len(specs)}, SuiteSucceeded: true}
	report.SpecReports = specs
	return report
}

func TestSpecsAreCountedByHowTheyEnded(t *testing.T) {
	report := reportOf(
		spec("a", types.SpecStatePassed, ""), spec("b", types.SpecStatePassed, ""), spec("c", types.SpecStateFailed, "oh"),
		spec("d", types.SpecStateTimedout, "long"), spec("e", types.SpecStateSkipped, results.TooOld+"needs 1.29"),
		spec("f", types.SpecStateSkipped, "an earlier one failed"),
		spec("g", types.SpecStatePending, ""))
	report.SpecReports = append(report.SpecReports,
		types.SpecReport{LeafNodeType: types.NodeTypeBeforeSuite, State: types.SpecStatePassed},
		types.SpecReport{LeafNodeType: types.NodeTypeAfterSuite, State: types.SpecStateFailed})
	version := results.Version{}
	if err := version.Count(report); err != nil {
		t.Fatal(err)
	}
	if version.Passed != 2 || !slices.Equal(version.LeftOut, []results.LeftOut{{Spec: "e", Reason: "needs 1.29"}}) {
		t.Errorf("%+v", version)
	}
	want := []string{"It c", "It d", "f (skipped) an earlier one failed", "g (pending) ", "AfterSuite"}
	if got := version.Failed; !slices.Equal(got, want) {
		t.Errorf("failed are %q, want %q", got, want)
	}
	if err := version.Failure(); err == nil || !strings.Contains(err.Error(), "It d") {
		t.Errorf("the failure is %v", err)
	}
	if err := new(results.Version).Failure(); err != nil {
		t.Errorf("without a failed spec there is %v", err)
	}
}

func TestWhatIsNotTheWholeSuiteIsNotCounted(t *testing.T) {
	part, none, broken := reportOf(spec("a", types.SpecStatePassed, "")), types.Report{}, reportOf(spec("a", types.SpecStatePassed, ""))
	part.PreRunStats.TotalSpecs = 2
	broken.SuiteSucceeded = false
	ended := reportOf(spec("a", types.SpecStateInterrupted, ""), spec("b", types.SpecStateSkipped, ""))
	for name, report := range map[string]types.Report{
		"a part": part, "nothing": none, "a failed suite without a failed spec": broken, "one that was broken off": ended,
	} {
		if err := new(results.Version).Count(report); err == nil {
			t.Errorf("%s is taken for a run of the suite", name)
		}
	}
}

func TestTheTableHasTheLastRunOfEachVersionInOrder(t *testing.T) {
	date, order := time.Date(2026, 11, 27, 20, 0, 0, 0, time.UTC), []string{"1.24", "1.28", "1.37"}
	left := []results.LeftOut{{"a", "A is there since 1.29"}, {"b", "A is there since 1.29"}}
	measured := &results.Results{}
	for _, version := range []results.Version{
		{Minor: "1.37", Kubernetes: "v1.37.2", Date: date, Commit: "c3", Passed: 9},
		{Minor: "1.23", Kubernetes: "v1.23.1", Date: date, Commit: "c0", Passed: 1}, // supported no more
		{Minor: "1.24", Kubernetes: "v1.24.1", Date: date, Commit: "c1", Passed: 1, LeftOut: left},
		{Minor: "1.24", Kubernetes: "v1.24.2", Date: date, Commit: "c2", Passed: 7, LeftOut: left},
		{Minor: "1.28", Kubernetes: "v1.28.1", Date: date, Commit: "c3", Passed: 7, Failed: []string{"c"}, LeftOut: left[:1]},
	} {
		measured.Put(version, order)
	}
	want := `| Kubernetes | specs passed | failed | left out | run |
|---|---|---|---|---|
| v1.24.2 | 7 | 0 | 2 | 2026-11-27, commit c2 |
| v1.28.1 | 7 | **1** | 1 | 2026-11-27, commit c3 |
| v1.37.2 | 9 | 0 | 0 | 2026-11-27, commit c3 |

Left out:

- with 1.24, 1.28: A is there since 1.29
`
	if got := measured.Markdown(); got != want {
		t.Errorf("the table is\n%s\nwant\n%s", got, want)
	}
	if empty := (&results.Results{}).Markdown(); strings.Contains(empty, "|") {
		t.Errorf("without any run there is a table:\n%s", empty)
	}
}
