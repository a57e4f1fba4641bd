package election_test

import (
	"testing"
	"time"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

func TestRolloutAwarePrefersTheNewestRevision(t *testing.T) {
	prove(t, []rule{
		{
			"though its Pods are younger",
			among(pod("old").onRevision("1"), pod("new").onRevision("2").created(ago(time.Minute)).ready(ago(time.Second))),
			elects("new", contract.ReasonElected),
		},
		{
			"which is the one with the newest Pod", // revision 1 was rolled back to: its old Pods count as new
			among(
				pod("a").onRevision("1").created(ago(3*time.Hour)).ready(ago(3*time.Hour)),
				pod("b").onRevision("2").created(ago(2*time.Hour)).ready(ago(2*time.Hour)),
				pod("c").onRevision("1").created(ago(time.Hour)).ready(ago(time.Hour)),
			),
			elects("a", contract.ReasonElected),
		},
		{
			"wherever that stands in the input",
			among(
				pod("c").onRevision("1").created(ago(time.Hour)).ready(ago(time.Hour)),
				pod("b").onRevision("2").created(ago(2*time.Hour)).ready(ago(2*time.Hour)),
				pod("a").onRevision("1").created(ago(3*time.Hour)).ready(ago(3*time.Hour)),
			),
			elects("a", contract.ReasonElected),
		},
		{
			"of one controller: the same hash under another is another revision",
			among(
				pod("a").of("blue").created(ago(3*time.Hour)).ready(ago(3*time.Hour)),
				pod("b").of("green").created(ago(2*time.Hour)).ready(ago(2*time.Hour)),
			),
			elects("b", contract.ReasonElected),
		},
		{
			"of those that have an eligible Pod",
			among(pod("old").onRevision("1"), pod("new").onRevision("2").created(ago(time.Minute)).unready(ago(time.Minute))),
			elects("old", contract.ReasonElected),
		},
		{
			"but keeps a sticky leader",
			among(pod("old").onRevision("1"), pod("new").onRevision("2").created(ago(time.Minute))).ledBy("old"),
			keeps("old"),
		},
	})
}

func TestOldestReadyIgnoresRevisions(t *testing.T) {
	prove(t, []rule{{
		"longest Ready",
		among(pod("old").onRevision("1"), pod("new").onRevision("2").created(ago(time.Minute)).ready(ago(time.Minute))).oldestReady(),
		elects("old", contract.ReasonElected),
	}})
}

func TestTheOrderWithinARevision(t *testing.T) {
	for strategy, apply := range map[string]func(ballot) ballot{
		"rollout-aware": func(b ballot) ballot { return b }, "oldest-ready": ballot.oldestReady,
	} {
		t.Run(strategy, func(t *testing.T) {
			prove(t, []rule{
				{
					"longest Ready first",
					apply(among(pod("a").ready(ago(time.Minute)).created(ago(time.Hour)), pod("b").ready(ago(2*time.Minute)))),
					elects("b", contract.ReasonElected),
				},
				{
					"then the oldest",
					apply(among(pod("a").created(ago(time.Hour)), pod("b").created(ago(2*time.Hour)))),
					elects("b", contract.ReasonElected),
				},
				{"then by name", apply(among(pod("b"), pod("a"), pod("c"))), elects("a", contract.ReasonElected)},
			})
		})
	}
}

func TestARollingUpdateMovesTheLeaderOnce(t *testing.T) {
	old := []candidate{pod("a").onRevision("1"), pod("b").onRevision("1"), pod("c").onRevision("1")}
	replacement := func(name string, since time.Duration) candidate {
		return pod(name).onRevision("2").created(ago(since)).ready(ago(since))
	}
	x, y, z := replacement("x", 3*time.Minute), replacement("y", 2*time.Minute), replacement("z", time.Minute)
	prove(t, []rule{
		{"a newer Pod alone moves nothing", among(old[0], old[1], old[2], x).ledBy("a"), keeps("a")},
		{"the leader's end does", among(old[0].terminating(), old[1], old[2], x).ledBy("a"), elects("x", contract.ReasonTerminating)},
		{"and nothing after it", among(old[1].terminating(), old[2], x, y).ledBy("x"), keeps("x")},
		{"to the end", among(x, y, z).ledBy("x"), keeps("x")},
	})
}

func TestStickiness(t *testing.T) {
	younger := pod("b").ready(ago(time.Minute))
	prove(t, []rule{
		{"a sticky leader stays", among(pod("a"), younger).ledBy("b"), keeps("b")},
		{"one that is not makes way for the first in order", among(pod("a"), younger).ledBy("b").notSticky(), elects("a", contract.ReasonReordered)},
		{"and stays if it is the first", among(pod("a"), younger).ledBy("a").notSticky(), keeps("a")},
		{"a lost leader has no claim", among(pod("a"), younger).lost("b", contract.ReasonNotReady), elects("a", contract.ReasonNotReady)},
		{
			"one that is not stays as long as it is merely not Ready",
			among(pod("a"), pod("b").unready(ago(time.Second))).ledBy("b").notSticky().failoverDelay(time.Minute),
			keeps("b").recheckIn(59 * time.Second),
		},
	})
}

func TestThePreferredLeader(t *testing.T) {
	prove(t, []rule{
		{"is elected first", among(pod("a"), pod("b")).preferring("b"), elects("b", contract.ReasonElected)},
		{"takes over from a sticky leader", among(pod("a"), pod("b")).ledBy("a").preferring("b"), elects("b", contract.ReasonPreferred)},
		{"takes over where nothing is sticky", among(pod("a"), pod("b")).ledBy("a").notSticky().preferring("b"), elects("b", contract.ReasonPreferred)},
		{"stays", among(pod("a"), pod("b")).ledBy("b").preferring("b"), keeps("b")},
		{"does nothing while it is not eligible", among(pod("a"), pod("b").terminating()).ledBy("a").preferring("b"), keeps("a")},
		{"does nothing if there is no such Pod", among(pod("a"), pod("b")).ledBy("b").preferring("x"), keeps("b")},
		{
			"does not shorten the leader's grace to a loss: it is preferred",
			among(pod("a").unready(ago(time.Second)), pod("b")).ledBy("a").preferring("b").failoverDelay(time.Minute),
			elects("b", contract.ReasonPreferred),
		},
		{"is no reason where the leader was lost", among(pod("a").terminating(), pod("b")).ledBy("a").preferring("b"), elects("b", contract.ReasonTerminating)},
		{
			"is no reason where the leader was lost before",
			among(pod("a").unready(now), pod("b")).lost("a", contract.ReasonNotReady).preferring("b"),
			elects("b", contract.ReasonNotReady),
		},
		{
			"keeps its grace against the others",
			among(pod("a"), pod("b").unready(ago(time.Second))).ledBy("b").preferring("b").failoverDelay(time.Minute),
			keeps("b").recheckIn(59 * time.Second),
		},
	})
}
