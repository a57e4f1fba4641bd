// Package results is what a run of chaos came to, as it is kept and shown.
package results

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zen-lead/zen-lead/test/measurement"
)

// Results are those of one run.
type Results struct {
	measurement.Run
	Seed   uint64 `json:"seed"`
	Rounds int    `json:"rounds"`
	// Faults are how often each was made.
	Faults map[string]int `json:"faults"`
	// Failed are the Pods that failed, Spoiled the objects that somebody else edited or deleted.
	Failed  int `json:"pods_failed"`
	Spoiled int `json:"spoiled"`
	// Changes are those of leaders, Versions those of slices and Pods that were judged.
	Changes  int `json:"changes_of_leader"`
	Versions int `json:"versions_judged"`
	// RightAfter is how long after the last fault of a round the last slice was right, in seconds: the longest of all.
	RightAfter float64 `json:"right_after_s"`
	// CalmAfter is the same after the last fault and the last failure of a Pod: what is judged.
	CalmAfter float64 `json:"calm_after_s"`
	// Hits are how often the faults of the lines met a request or what a watch brought, by what was done to it.
	Hits map[string]int `json:"hits"`
	// Ended are the replicas that ended by themselves because they had lost the Lease, Unknown the changes to a Pod that had failed while replicas were
	// kept from knowing, Forgotten the epochs that went back with a restored etcd.
	Ended int `json:"replicas_ended"`
	// Waited are the leader Services that were deleted and had to wait for that Lease.
	Waited    int `json:"waited_for_lease"`
	Unknown   int `json:"unknown"`
	Forgotten int `json:"epochs_forgotten"`
	// Writes are the operator's, Foreign those to what is none of its business.
	Writes  int `json:"writes"`
	Foreign int `json:"foreign_writes"`
	// Wrong is what was wrong.
	Wrong []string `json:"wrong"`
}

// Markdown is a table for people.
func (r *Results) Markdown() string {
	var b strings.Builder
	if r.Rounds == 0 {
		return "Nothing has been run yet.\n"
	}
	fmt.Fprintf(&b, "`%s` (seed %d) on %s.\n\n| | |\n|---|---|\n", r.Command, r.Seed, r.Origin())
	type line struct {
		what string
		many any
	}
	lines := []line{
		{"rounds", r.Rounds},
		{"faults", r.faults()},
		{"Pods failed", r.Failed},
		{"slices edited or deleted, leader Services deleted, by somebody else", r.Spoiled},
		{"changes of leader", r.Changes},
		{"versions of slices and Pods judged", r.Versions},
		{"all slices right after the last fault of a round within", fmt.Sprintf("%.2f s", r.RightAfter)},
		{"changes to a Pod that had failed while replicas were kept from knowing", r.Unknown},
		{"epochs that went back with a restored etcd", r.Forgotten},
		{"replicas that lost the Lease and ended", r.Ended},
		{"deleted leader Services that had to wait for the Lease then", r.Waited},
		{"writes of the operator, of which to objects of others", fmt.Sprintf("%d, %d", r.Writes, r.Foreign)},
		{"wrong", len(r.Wrong)},
	}
	if len(r.Hits) > 0 { // runs before these were kept have none
		lines = append(lines,
			line{"all slices right after the last failure of a Pod too, which is judged, within", fmt.Sprintf("%.2f s", r.CalmAfter)},
			line{"what faults of a line met, requests and what watches brought", Counted(r.Hits)})
	}
	for _, line := range lines {
		fmt.Fprintf(&b, "| %s | %v |\n", line.what, line.many)
	}
	for _, wrong := range r.Wrong {
		fmt.Fprintf(&b, "\nWrong: %s\n", wrong)
	}
	return b.String()
}

func (r *Results) faults() string {
	total := 0
	for _, count := range r.Faults {
		total += count
	}
	return fmt.Sprintf("%d: %s", total, Counted(r.Faults))
}

// Counted lists counts by name.
func Counted(counts map[string]int) string {
	names := make([]string, 0, len(counts))
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		names = append(names, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(names, ", ")
}
