package controllers

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// term is a record of that epoch and leader.
func term(epoch int64, leader string) leaderservice.Record {
	return leaderservice.Record{Epoch: epoch, LeaderName: leader, LeaderUID: types.UID(leader), Published: true}
}

func TestTheCountGoesOnFromWhatIsCertain(t *testing.T) {
	nobody := leaderservice.Record{}
	for name, test := range map[string]struct {
		remembered, found leaderservice.Record
		certain           bool
		want              leaderservice.Record
	}{
		"nothing is remembered":                        {nobody, term(3, "a"), true, term(3, "a")},
		"nothing is remembered, nothing certain":       {nobody, term(3, "a"), false, term(3, "a")},
		"another replica went on":                      {term(3, "a"), term(5, "b"), true, term(5, "b")},
		"somebody raised the epoch":                    {term(3, "a"), term(500, "a"), false, term(3, "a")},
		"somebody lowered the epoch":                   {term(3, "a"), term(1, "a"), false, term(3, "a")},
		"somebody put an older one back":               {term(3, "a"), term(2, "b"), true, term(3, "a")},
		"somebody named another leader":                {term(3, "a"), term(3, "b"), false, term(3, "a")},
		"another replica counted the same epoch":       {term(3, "a"), term(3, "b"), true, term(4, "a")},
		"all is gone":                                  {term(3, "a"), nobody, false, term(3, "a")},
		"the leader was lost":                          {term(3, "a"), unpublished(term(3, "a")), true, unpublished(term(3, "a"))},
		"the leader was lost, and something is edited": {term(3, "a"), unpublished(term(3, "a")), false, unpublished(term(3, "a"))},
	} {
		t.Run(name, func(t *testing.T) {
			counts := newCounts()
			counts.recorded(test.remembered, "1", someSource)
			for range 2 { // asking again gives the same
				if got := counts.lastRecord(someSource, test.found, test.certain, "2"); got != test.want {
					t.Errorf("got %v, want %v", got, test.want)
				}
			}
		})
	}
}

func unpublished(record leaderservice.Record) leaderservice.Record {
	record.Published = false
	return record
}

func TestACountThatHasEndedIsNotRememberedAgain(t *testing.T) {
	counts := newCounts()
	counts.recorded(term(9, "a"), "100", someSource)
	counts.end(someSource, "110", time.Now())
	counts.recorded(term(9, "a"), "105", someSource) // caches are behind
	if counts.lastRecord(someSource, term(9, "a"), true, "105"); counts.remembers(someSource) {
		t.Error("the former count is remembered")
	}
	counts.recorded(term(1, "b"), "120", someSource)
	if got := counts.lastRecord(someSource, leaderservice.Record{}, false, "130"); got != term(1, "b") {
		t.Errorf("of the new count %v is remembered", got)
	}
}

func TestWhatWasConcludedFromVersionsIsForgottenWhenTheyBeginAgainAndTheCountIsNot(t *testing.T) {
	counts := newCounts()
	counts.end(someSource, "110", time.Now())
	counts.forgetVersions()
	counts.recorded(term(3, "a"), "5", someSource)
	counts.forgetVersions()
	if !counts.remembers(someSource) {
		t.Error("the epoch may go back")
	}
}

func TestEndedCountsDoNotPileUp(t *testing.T) {
	counts, now := newCounts(), time.Now()
	for i := range 3 * endingsKept {
		now = now.Add(time.Second)
		counts.end(types.NamespacedName{Name: fmt.Sprint(i)}, strconv.Itoa(i), now)
	}
	if len(counts.ended) > endingsKept+int(endingFor/time.Second) {
		t.Errorf("%d are remembered", len(counts.ended))
	}
}

func TestOnlyWhatASliceHasSaidProvesThatAPodWasPublished(t *testing.T) {
	r := &Reconciler{counts: newCounts()}
	r.counts.lastRecord(someSource, term(7, "foreign"), true, "1") // as the leader Service's copy has it
	if r.isProven(someSource, "foreign", nil) || r.isProven(someSource, "", nil) {
		t.Error("a copy proves it")
	}
	r.counts.recorded(term(8, "a"), "2", someSource)
	r.counts.recorded(unpublished(term(9, "foreign")), "3", someSource)
	if r.isProven(someSource, "foreign", nil) || !r.isProven(someSource, "a", nil) {
		t.Error("a slice that routes to nobody proves it, or one that did does not")
	}
	endpoints := []discoveryv1.Endpoint{{}, {TargetRef: &corev1.ObjectReference{UID: "b"}}}
	if slice := (&discoveryv1.EndpointSlice{Endpoints: endpoints}); !r.isProven(someSource, "b", slice) || r.isProven(someSource, "c", slice) {
		t.Error("an endpoint proves nothing, or anything")
	}
	r.counts.end(someSource, "4", time.Now())
	if r.isProven(someSource, "a", nil) {
		t.Error("proven by a count that has ended")
	}
}

func TestAllIsKnownOfACountOnceTheSlicesWatchIsPastTheDeletionAndNothingWasMissed(t *testing.T) {
	counts := newCounts()
	counts.recorded(term(3, "a"), "10", someSource)
	if counts.isComplete(someSource, "20") {
		t.Error("its leader Service was never seen to go")
	}
	counts.serviceGone("15", someSource)
	for slices, complete := range map[string]bool{"": false, "14": false, "15": false, "16": true} {
		if counts.isComplete(someSource, slices) != complete {
			t.Errorf("slices seen up to %q", slices)
		}
	}
	counts.sliceMissed("16", time.Now(), someSource)
	counts.recorded(term(4, "a"), "12", someSource)
	if counts.isComplete(someSource, "20") {
		t.Error("what was written last may have been missed")
	}
	counts.recorded(term(5, "a"), "17", someSource)
	if !counts.isComplete(someSource, "20") {
		t.Error("it has been seen again since")
	}
	counts.end(someSource, "30", time.Now())
	if counts.isComplete(someSource, "40") {
		t.Error("that count has ended")
	}
}
