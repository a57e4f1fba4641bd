// Package results is what `make test-versions` comes to: as JSON and as a table for people.
package results

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2/types"
)

// Results are all versions of Kubernetes, each as the suite was run against it last.
type Results struct {
	Versions []Version `json:"versions"`
}

// Version is one run of the suite against one version.
type Version struct {
	// Minor is the version that is meant, Kubernetes the one that has run.
	Minor      string `json:"minor"`
	Kubernetes string `json:"kubernetes"`
	// Date and Commit are when it ran, and of what; a commit that ends in -dirty was not all.
	Date    time.Time `json:"date"`
	Commit  string    `json:"commit"`
	Passed  int       `json:"passed"`
	Failed  []string  `json:"failed,omitempty"`
	LeftOut []LeftOut `json:"left_out,omitempty"`
}

// TooOld begins the message of a spec that leaves itself out; what it needs follows.
const TooOld = "the API server is too old: "

// LeftOut is a spec that says of itself that it cannot run against this version, and why.
type LeftOut struct {
	Spec   string `json:"spec"`
	Reason string `json:"reason"`
}

// Count fills in how the specs of a report have ended. It is an error if that is not the whole suite, if it was broken off or if
// it failed as a whole. A spec that did not run without saying that the API server is too old for it counts as failed.
func (v *Version) Count(report types.Report) error {
	if stats := report.PreRunStats; stats.TotalSpecs == 0 || stats.SpecsThatWillRun < stats.TotalSpecs {
		return fmt.Errorf("only %d of %d specs were to run", stats.SpecsThatWillRun, stats.TotalSpecs)
	}
	for _, spec := range report.SpecReports {
		reason, tooOld := strings.CutPrefix(spec.Failure.Message, TooOld)
		switch {
		case spec.State.Is(types.SpecStateInterrupted | types.SpecStateAborted):
			return fmt.Errorf("the suite was broken off in %q", spec.FullText())
		case spec.Failed():
			v.Failed = append(v.Failed, strings.TrimSpace(spec.LeafNodeType.String()+" "+spec.FullText()))
		case spec.LeafNodeType != types.NodeTypeIt: // what prepares the suite is no spec
		case spec.State == types.SpecStatePassed:
			v.Passed++
		case spec.State == types.SpecStateSkipped && tooOld:
			v.LeftOut = append(v.LeftOut, LeftOut{spec.FullText(), reason})
		default:
			v.Failed = append(v.Failed, fmt.Sprintf("%s (%s) %s", spec.FullText(), spec.State, spec.Failure.Message))
		}
	}
	if !report.SuiteSucceeded && len(v.Failed) == 0 {
		return errors.New("the suite failed: " + strings.Join(report.SpecialSuiteFailureReasons, ", "))
	}
	return nil
}

// Failure is an error that names the specs that have failed; nil if there are none.
func (v *Version) Failure() error {
	if len(v.Failed) == 0 {
		return nil
	}
	return fmt.Errorf("with Kubernetes %s failed:\n  %s", v.Kubernetes, strings.Join(v.Failed, "\n  "))
}

// Put replaces what there is of a version, and keeps the versions in the order of the list.
func (r *Results) Put(version Version, order []string) {
	r.Versions = slices.DeleteFunc(r.Versions, func(v Version) bool { return v.Minor == version.Minor || !slices.Contains(order, v.Minor) })
	r.Versions = append(r.Versions, version)
	slices.SortFunc(r.Versions, func(a, b Version) int { return slices.Index(order, a.Minor) - slices.Index(order, b.Minor) })
}
