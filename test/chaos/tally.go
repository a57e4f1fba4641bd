package chaos

import (
	"fmt"
	"time"

	"github.com/zen-lead/zen-lead/test/chaos/checker"
)

// tally is what happened in a round, or in all.
type tally struct {
	checker.Counts
	rounds, faults, failed, spoiled int
	// restarts is how often a replica ended by itself and was started again.
	restarts int
	// gaps is how often versions may have been missed by the checker.
	gaps int
	// right is how long after the last fault every slice was right, the longest of all rounds.
	right time.Duration
	// calm is the same after the last fault and the last failure, which is what is judged.
	calm time.Duration
	// waited is how many Services had to wait for the Lease then.
	waited     int
	violations []string
}

func (t *tally) add(other tally) {
	t.Counts = t.Plus(other.Counts)
	t.rounds += other.rounds
	t.faults += other.faults
	t.failed += other.failed
	t.spoiled += other.spoiled
	t.restarts += other.restarts
	t.gaps += other.gaps
	t.waited += other.waited
	t.right, t.calm = max(t.right, other.right), max(t.calm, other.calm)
	t.violations = append(t.violations, other.violations...)
}

func (t *tally) String() string {
	said := fmt.Sprintf("%d rounds, %d faults, %d Pods failed, %d times something was spoiled, %d changes of leader, %d versions judged, right again %s after the last fault at most and %s after the last failure too, %d wrong",
		t.rounds, t.faults, t.failed, t.spoiled, t.Changes, t.Versions, t.right.Round(time.Millisecond), t.calm.Round(time.Millisecond), len(t.violations))
	for what, count := range map[string]int{
		"replicas ended by themselves":                     t.restarts,
		"leader Services waited for the Lease":             t.waited,
		"changes to a Pod that had failed, unknown to all": t.Stale,
		"epochs forgotten with a restored etcd":            t.Forgotten,
		"gaps in what was seen":                            t.gaps,
	} {
		if count > 0 {
			said += fmt.Sprintf("; %d %s", count, what)
		}
	}
	return said
}
