package controllers

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

var (
	noon       = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	someSource = types.NamespacedName{Namespace: "team", Name: "app"}
)

func after(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

func TestASuspicionCountsFromWhenItAroseUntilItIsCleared(t *testing.T) {
	s, another := &suspicions{}, types.NamespacedName{Namespace: "team", Name: "other"}
	for i, step := range []struct {
		source types.NamespacedName
		clear  bool
		now    time.Time
		since  time.Time
	}{
		{source: someSource, now: after(1), since: after(1)},
		{source: someSource, now: after(2), since: after(1)},
		{source: another, now: after(3), since: after(3)},
		{source: someSource, clear: true, now: after(4), since: after(4)},
		{source: another, now: after(5), since: after(3)},
	} {
		if step.clear {
			s.clear(step.source)
		}
		if got := s.since(step.source, leaderTerm{"a", 1}, step.now); !got.Equal(step.since) {
			t.Errorf("step %d: since %s, want %s", i, got, step.since)
		}
	}
	(&suspicions{}).clear(someSource) // of nothing
}

func TestASuspicionOfATermThatIsOverDoesNotCountAgainstTheNext(t *testing.T) {
	s, over, present := &suspicions{}, leaderTerm{"a", 1}, leaderTerm{"b", 2}
	s.since(someSource, over, after(1))
	if !s.confirm(someSource, over, after(2)) {
		t.Error("what the caches have is what the API server has: the suspicion is of it")
	}
	if s.confirm(someSource, present, after(3)) {
		t.Error("the suspicion is of a term that is over")
	}
	if got := s.since(someSource, over, after(4)); !got.Equal(after(3)) {
		t.Errorf("since %s, want from when the present term was found wrong, though the caches still have the former one", got)
	}
	if !s.confirm(someSource, present, after(5)) {
		t.Error("the suspicion is of the present term by now")
	}
}

func TestAStandbyCountsFromWhenItFirstSawAPodsReadiness(t *testing.T) {
	s := &sightings{}
	for i, step := range []struct {
		pod            types.UID
		ready          bool
		changedAt, now time.Time
		at             time.Time
	}{
		{"a", true, noon, after(10), after(10)},
		{"a", true, noon, after(20), after(10)},
		{"b", true, noon, after(21), after(21)},
		{"a", false, after(29), after(30), after(30)},
		{"a", false, after(29), after(31), after(30)},
		{"a", false, after(32), after(33), after(33)}, // Ready in between, which was not seen
		{"a", true, after(32), after(34), after(34)},
		{"b", true, noon, after(40), after(21)},
	} {
		if got := s.at(step.pod, step.ready, step.changedAt, step.now, true); !got.Equal(step.at) {
			t.Errorf("step %d: first seen at %s, want %s", i, got, step.at)
		}
	}
	s.forget("a")
	if got := s.at("a", true, after(32), after(50), true); !got.Equal(after(50)) {
		t.Error("not forgotten")
	}
	if got := s.at("b", true, noon, after(50), true); !got.Equal(after(21)) {
		t.Error("another Pod was forgotten")
	}
}

func TestAnActingReplicaCountsFromWhatItSawHappenOnly(t *testing.T) {
	s := &sightings{}
	expect := func(what string, ready bool, changedAt, want time.Time) {
		t.Helper()
		if got := s.at("a", ready, changedAt, after(60), false); !got.Equal(want) {
			t.Errorf("%s: seen at %s, want %s", what, got, want)
		}
	}
	expect("never looked at", true, noon, time.Time{})
	s.at("a", true, noon, after(1), true)
	expect("first seen so while it was a standby", true, noon, time.Time{})
	s.changed("a", false, after(20), after(2))
	expect("seen to change, by a kubelet that is ahead", false, after(20), after(2))
	expect("of another time", false, after(21), time.Time{})
	if got := s.at("a", false, after(20), after(60), true); !got.Equal(after(2)) {
		t.Errorf("a standby counts from %s", got)
	}
	s.forget("a")
	expect("forgotten", false, after(20), time.Time{})
}

// aSlice is one of ours as one of the replicas wrote it.
func aSlice(uid types.UID, applied string) *discoveryv1.EndpointSlice {
	return &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{
		Namespace: "team", Name: "app-leader-ipv4", UID: uid, ResourceVersion: "2",
		Labels:      map[string]string{contract.LabelSliceManagedBy: contract.ManagedBy},
		Annotations: map[string]string{contract.AnnotationApplied: applied},
	}}
}

func TestASliceIsOursWhileItSaysWhatThisReplicaWroteByItsCaches(t *testing.T) {
	wrote := func(w *ownWrites) { w.decided(aSlice("1", "v1-a"), true) }
	for name, test := range map[string]struct {
		happened func(*ownWrites)
		slice    *discoveryv1.EndpointSlice
		ours     bool
	}{
		"seen for the first time":         {func(*ownWrites) {}, aSlice("1", "v1-a"), false},
		"written by this replica":         {wrote, aSlice("1", "v1-a"), true},
		"written by another after ours":   {wrote, aSlice("1", "v1-b"), false},
		"a digest that was taken away":    {wrote, aSlice("1", ""), false},
		"without a digest from the start": {func(*ownWrites) {}, aSlice("1", ""), false},
		"another slice":                   {wrote, aSlice("2", "v1-a"), false},
		"older than this replica's write": {func(w *ownWrites) { wrote(w); w.decided(aSlice("1", "v1-b"), true) }, aSlice("1", "v1-a"), false},
		"written by this replica again":   {func(w *ownWrites) { wrote(w); w.decided(aSlice("1", "v1-b"), true) }, aSlice("1", "v1-b"), true},
		"written by a fresh reading":      {func(w *ownWrites) { wrote(w); w.decided(aSlice("1", "v1-b"), false) }, aSlice("1", "v1-b"), false},
		"as it was before one":            {func(w *ownWrites) { wrote(w); w.decided(aSlice("1", "v1-b"), false) }, aSlice("1", "v1-a"), false},
		"gone": {func(w *ownWrites) {
			wrote(w)
			w.gone(aSlice("1", "v1-a"), "EndpointSlice app-leader-ipv4", someSource)
		}, aSlice("1", "v1-a"), false},
	} {
		writes := newOwnWrites()
		test.happened(writes)
		for range 2 { // asking changes nothing
			if got := writes.ours(test.slice); got != test.ours {
				t.Errorf("%s: ours is %v", name, got)
			}
		}
	}
}

func TestWhatWentWithItsControllerWasNotDeletedByAnybody(t *testing.T) {
	const slice = "EndpointSlice app-leader-ipv4"
	controlledBy := func(uid types.UID) *discoveryv1.EndpointSlice {
		made := aSlice("1", "v1-0123456789abcdef")
		if uid != "" {
			made.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Service", Name: "app-leader", UID: uid, Controller: ptr.To(true)}}
		}
		return made
	}
	for name, test := range map[string]struct {
		happened func(*ownWrites)
		want     bool
	}{
		"nothing": {func(*ownWrites) {}, false},
		"of the leader Service that there is": {func(w *ownWrites) {
			w.gone(controlledBy("now"), slice, someSource)
		}, true},
		"of a former leader Service": {func(w *ownWrites) {
			w.gone(controlledBy("former"), slice, someSource)
		}, false},
		"the reference had been taken away": {func(w *ownWrites) {
			unowned := controlledBy("")
			unowned.Labels[contract.LabelSourceService] = someSource.Name
			w.gone(unowned, slice, someSource)
		}, true},
		"by this replica": {func(w *ownWrites) {
			w.deleting("1")
			w.gone(controlledBy("now"), slice, someSource)
		}, false},
		"of another source": {func(w *ownWrites) {
			w.gone(controlledBy("now"), slice, types.NamespacedName{Namespace: "team", Name: "other"})
		}, false},
	} {
		writes := newOwnWrites()
		test.happened(writes)
		for i, want := range []bool{test.want, false} { // it is told of once
			if got := writes.takeVanished(someSource, slice, "now"); got != want {
				t.Errorf("%s: asked for the %d. time: %v", name, i+1, got)
			}
		}
	}
}

func TestWhatAWriteReplacedIsStale(t *testing.T) {
	writes := newOwnWrites()
	writes.updated(aSlice("1", "v1-a"), "1")
	if !writes.stale(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "1", ResourceVersion: "1"}}) || writes.stale(aSlice("1", "v1-a")) {
		t.Error("what the write replaced is not known as stale")
	}
}

func TestASourceIsInASetUntilItIsRemoved(t *testing.T) {
	s := &sourceSet{}
	s.remove(someSource) // of nothing
	if s.has(someSource) {
		t.Error("it is in an empty set")
	}
	s.add(someSource)
	s.add(types.NamespacedName{Namespace: "team", Name: "other"})
	s.remove(types.NamespacedName{Namespace: "team", Name: "other"})
	if !s.has(someSource) || s.has(types.NamespacedName{Namespace: "team", Name: "other"}) {
		t.Error("the wrong one was removed")
	}
}

func TestALossCountsFromWhenItWasFirstSeen(t *testing.T) {
	l, lost := &losses{}, leaderservice.Record{LeaderUID: "a", Epoch: 1, LastSwitch: noon}
	again := lost
	again.Epoch = 2
	for i, step := range []struct {
		record  leaderservice.Record
		now, at time.Time
	}{{lost, after(1), after(1)}, {lost, after(2), after(1)}, {again, after(3), after(3)}} {
		if got := l.at(someSource, step.record, step.now); !got.Equal(step.at) {
			t.Errorf("step %d: seen at %s, want %s", i, got, step.at)
		}
	}
	l.forget(someSource)
	if got := l.at(someSource, again, after(9)); !got.Equal(after(9)) {
		t.Error("not forgotten")
	}
}
