package election_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
)

func TestADecisionSaysByWhichRuleItsLeaderWasChosen(t *testing.T) {
	for rule, given := range map[election.Basis]ballot{
		election.BasisPaused:    among(pod("a").unready(now), pod("b")).ledBy("a").paused(),
		election.BasisPreferred: among(pod("a"), pod("b")).ledBy("a").preferring("b"),
		election.BasisGrace:     among(pod("a").unready(now), pod("b")).ledBy("a").failoverDelay(time.Minute),
		election.BasisSticky:    among(pod("b"), pod("a")).ledBy("b"),
		election.BasisOrder:     among(pod("a"), pod("b")),
		election.BasisDraining:  among(pod("a").terminating()).ledBy("a"),
		"":                      among(pod("a").finished()).ledBy("a"),
	} {
		if got := given.elect(); got.Basis != rule {
			t.Errorf("got %q, want %q: %+v", got.Basis, rule, got)
		}
	}
}

func TestTheAdvantageIsTheLastRuleOfTheOrderThatWasNeeded(t *testing.T) {
	young := pod("young").onRevision("2").created(ago(time.Minute)).ready(ago(time.Minute))
	for name, test := range map[string]struct {
		pods     []candidate
		strategy contract.Strategy
		want     election.Criterion
	}{
		"nobody else":              {[]candidate{pod("a")}, contract.StrategyRolloutAware, ""},
		"the only of its revision": {[]candidate{pod("a"), young}, contract.StrategyRolloutAware, election.CriterionRevision},
		"and longest Ready of those": {
			[]candidate{pod("a"), young, pod("c").onRevision("2").created(ago(time.Minute)).ready(ago(time.Second))},
			contract.StrategyRolloutAware, election.CriterionReady,
		},
		"longest Ready, whatever the revision": {[]candidate{pod("a"), young}, contract.StrategyOldestReady, election.CriterionReady},
		"oldest":                               {[]candidate{pod("b").created(ago(2 * time.Hour)), pod("a")}, contract.StrategyRolloutAware, election.CriterionAge},
		"by name":                              {[]candidate{pod("b"), pod("a")}, contract.StrategyRolloutAware, election.CriterionName},
	} {
		if got := election.Advantage(test.strategy, among(test.pods...).pods); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestThereIsABasisIfAndOnlyIfThereIsALeader(t *testing.T) {
	holds(t, func(t *rapid.T, _ ballot, decision election.Decision) {
		if (decision.Leader == nil) != (decision.Basis == "") {
			t.Errorf("%+v", decision)
		}
	})
}
