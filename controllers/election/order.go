package election

import (
	"cmp"
	"strings"
	"time"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// first is the first of the Pods in the election order; nil if there are none.
func first(strategy contract.Strategy, pods []*Pod) *Pod {
	newest := newestOf(strategy, pods)
	var best *Pod
	for _, pod := range pods {
		if best == nil || compare(newest, pod, best) < 0 {
			best = pod
		}
	}
	return best
}

// newestOf is when the newest Pod of each revision was created; empty for a strategy that does not look at revisions.
func newestOf(strategy contract.Strategy, pods []*Pod) map[Revision]time.Time {
	newest := map[Revision]time.Time{}
	if strategy == contract.StrategyRolloutAware {
		for _, pod := range pods {
			if pod.CreatedAt.After(newest[pod.Revision]) {
				newest[pod.Revision] = pod.CreatedAt
			}
		}
	}
	return newest
}

// compare is negative if a comes before b: newest revision, longest Ready, oldest, name. Names are unique in a namespace,
// so the order is total and every replica of the operator comes to the same one.
func compare(newest map[Revision]time.Time, a, b *Pod) int {
	return cmp.Or(
		newest[b.Revision].Compare(newest[a.Revision]),
		a.ReadyChangedAt.Compare(b.ReadyChangedAt),
		a.CreatedAt.Compare(b.CreatedAt),
		strings.Compare(a.Name, b.Name),
	)
}

// Criterion is a rule of the election order.
type Criterion string

// The rules of the election order, in their order.
const (
	CriterionRevision Criterion = "NewestRevision"
	CriterionReady    Criterion = "LongestReady"
	CriterionAge      Criterion = "Oldest"
	CriterionName     Criterion = "Name"
)

// Advantage is the rule by which the first of these Pods in the election order comes before all others: the last one that was needed to tell
// it from any of them. It is empty if there is nobody else. The Pods are those that are eligible.
func Advantage(strategy contract.Strategy, pods []Pod) Criterion {
	eligible := make([]*Pod, 0, len(pods))
	for i := range pods {
		eligible = append(eligible, &pods[i])
	}
	best, newest := first(strategy, eligible), newestOf(strategy, eligible)
	needed := Criterion("")
	for _, criterion := range []struct {
		name   Criterion
		decide func(*Pod) bool // whether it tells the best from the other
	}{
		{CriterionRevision, func(other *Pod) bool { return !newest[other.Revision].Equal(newest[best.Revision]) }},
		{CriterionReady, func(other *Pod) bool { return !other.ReadyChangedAt.Equal(best.ReadyChangedAt) }},
		{CriterionAge, func(other *Pod) bool { return !other.CreatedAt.Equal(best.CreatedAt) }},
		{CriterionName, func(*Pod) bool { return true }},
	} {
		var left []*Pod
		for _, other := range eligible {
			switch {
			case other == best:
			case criterion.decide(other):
				needed = criterion.name
			default:
				left = append(left, other)
			}
		}
		eligible = left
	}
	return needed
}
