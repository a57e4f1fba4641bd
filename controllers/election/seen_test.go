package election_test

import (
	"testing"
	"time"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// seen is when this replica saw the Ready condition change.
func (c candidate) seen(at time.Time) candidate { c.SeenAt = at; return c }

func TestDurationsCountFromTheSightingOfTheChangeAndElseFromTheChange(t *testing.T) {
	const delay = time.Minute
	failover := func(a candidate) ballot { return among(a, pod("b")).ledBy("a").failoverDelay(delay) }
	minReady := func(a candidate) ballot { return among(a).minReady(delay) }
	lost, gained := pod("a").unready(ago(2*time.Minute)), pod("a").ready(ago(2*time.Minute))
	prove(t, []rule{
		{"not Ready for long, and never sighted", failover(lost), elects("b", contract.ReasonNotReady)},
		{"not Ready for long, and sighted long ago", failover(lost.seen(ago(delay))), elects("b", contract.ReasonNotReady)},
		{"not Ready for long, and sighted just now", failover(lost.seen(now)), keeps("a").recheckIn(delay)},
		{"not Ready for long, and sighted in between", failover(lost.seen(ago(20 * time.Second))), keeps("a").recheckIn(40 * time.Second)},
		{"not Ready since just now by a kubelet that is ahead, and sighted long ago", failover(pod("a").unready(now).seen(ago(time.Hour))),
			elects("b", contract.ReasonNotReady)},
		{"not Ready since just now by a kubelet that is ahead, and sighted in between", failover(pod("a").unready(now).seen(ago(20 * time.Second))),
			keeps("a").recheckIn(40 * time.Second)},
		{"sighted by a clock that was ahead", failover(lost.seen(now.Add(time.Hour))), keeps("a").recheckIn(delay)},
		{"Ready for long, and never sighted", minReady(gained), elects("a", contract.ReasonElected)},
		{"Ready for long, and sighted long ago", minReady(gained.seen(ago(delay))), elects("a", contract.ReasonElected)},
		{"Ready for long, and sighted in between", minReady(gained.seen(ago(20 * time.Second))), nobody("").recheckIn(40 * time.Second)},
	})
}

func TestASightingCountsForNothingButDurations(t *testing.T) {
	prove(t, []rule{
		{"without a delay, a lost leader goes at once", among(pod("a").unready(ago(time.Hour)).seen(now), pod("b")).ledBy("a"),
			elects("b", contract.ReasonNotReady)},
		{"without a duration, a Pod leads at once", among(pod("a").seen(now)), elects("a", contract.ReasonElected)},
		{"a deleted leader goes at once", among(pod("a").terminating().seen(now), pod("b")).ledBy("a").failoverDelay(time.Hour),
			elects("b", contract.ReasonTerminating)},
		{"longest Ready is by the condition", among(pod("a").ready(ago(time.Minute)).seen(ago(time.Hour)), pod("b").ready(ago(2*time.Minute)).seen(now)),
			elects("b", contract.ReasonElected)},
	})
}
