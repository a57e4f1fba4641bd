package election_test

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
)

// hostileNames are what a record, an annotation or a Lease may say a Pod is called.
var hostileNames = rapid.OneOf(rapid.SampledFrom(append(names, "", "\n", "\x1b[31m", "\xff")), rapid.String())

// electsOnlyWhomItMay holds an election in which every name and every duration may be anything, and checks who comes of it.
func electsOnlyWhomItMay(t *rapid.T) {
	given := anyBallot(t)
	given.policy.PreferredLeader = hostileNames.Draw(t, "preferred")
	given.policy.Strategy = contract.Strategy(hostileNames.Draw(t, "strategy"))
	given.lease.Holder = hostileNames.Draw(t, "holder")
	if given.current != nil {
		given.current.Name, given.current.Reason = hostileNames.Draw(t, "current"), contract.Reason(hostileNames.Draw(t, "reason"))
	}
	decision := given.elect()
	if again := given.elect(); verdictOf(again) != verdictOf(decision) {
		t.Fatalf("first %+v, then %+v", decision, again)
	}
	if leader := decision.Leader; leader != nil {
		if !leader.HasAddress || !leader.PortsResolve || leader.Finished {
			t.Fatalf("%+v cannot be routed to", leader)
		}
		if !leader.Selected && (!given.policy.Paused || decision.Outcome != election.OutcomeKept) {
			t.Fatalf("%+v is not selected", leader)
		}
	}
	if decision.Recheck < 0 || decision.Candidates+len(decision.Rejected) != len(given.pods) {
		t.Fatalf("%+v", decision)
	}
}

func TestWhateverIsTypedOnlyASelectedPodIsElected(t *testing.T) { rapid.Check(t, electsOnlyWhomItMay) }

func FuzzElect(f *testing.F) {
	random := rand.NewChaCha8([32]byte{1})
	for range 8 {
		seed := make([]byte, 4<<10)
		_, _ = random.Read(seed) // cannot fail
		f.Add(seed)
	}
	f.Fuzz(rapid.MakeFuzz(electsOnlyWhomItMay))
}
