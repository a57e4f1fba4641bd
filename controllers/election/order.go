package election

import (
	"cmp"
	"strings"
	"time"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// first is the first of the Pods in the election order; nil if there are none.
func first(strategy contract.Strategy, pods []*Pod) *Pod {
	newest := map[Revision]time.Time{}
	if strategy == contract.StrategyRolloutAware {
		for _, pod := range pods {
			if pod.CreatedAt.After(newest[pod.Revision]) {
				newest[pod.Revision] = pod.CreatedAt
			}
		}
	}
	var best *Pod
	for _, pod := range pods {
		if best == nil || compare(newest, pod, best) < 0 {
			best = pod
		}
	}
	return best
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
