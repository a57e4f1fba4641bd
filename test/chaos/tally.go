package chaos

import (
	"fmt"
	"time"

	"github.com/zen-lead/zen-lead/test/chaos/checker"
)

// tally is what happened in a round, or in all.
type tally struct {
	checker.Counts
	rounds, faults, failed int
	// restarts is how often a replica ended by itself and was started again.
	restarts int
	// right is how long it took until every slice was right, the longest of all rounds.
	right      time.Duration
	violations []string
}

func (t *tally) add(other tally) {
	t.Counts = t.Plus(other.Counts)
	t.rounds += other.rounds
	t.faults += other.faults
	t.failed += other.failed
	t.restarts += other.restarts
	t.right = max(t.right, other.right)
	t.violations = append(t.violations, other.violations...)
}

func (t *tally) String() string {
	return fmt.Sprintf("%d rounds, %d faults, %d Pods failed, %d replicas ended by themselves, %d changes of leader, %d of them stale, %d versions judged, right again after %s at most, %d wrong",
		t.rounds, t.faults, t.failed, t.restarts, t.Changes, t.Stale, t.Versions, t.right.Round(time.Millisecond), len(t.violations))
}
