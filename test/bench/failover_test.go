package bench

import (
	"testing"

	"k8s.io/client-go/kubernetes/fake"

	"github.com/zen-lead/zen-lead/test/bench/results"
)

func TestAFailureIsLookedForBeforeItIsMade(t *testing.T) {
	for _, kind := range []string{results.KindReadiness, results.KindDeletion} {
		w := quietWorld(t, 1)
		w.clients = fake.NewClientset()
		m := w.members[0]
		f, err := w.prepare(m, kind)
		if err != nil {
			t.Fatal(err)
		}
		if f.place != 0 || met(f.moved) || met(f.dropped) {
			t.Errorf("%s: the Pod of place %d fails, moved %t, dropped %t", kind, f.place, met(f.moved), met(f.dropped))
		}
		w.seen.note(sliceOf(m.leader(), m.leader().Name+"-ipv4"), after(5), false)
		if met(f.moved) {
			t.Errorf("%s: nobody leads, and that counts as moved", kind)
		}
		w.seen.note(sliceOf(m.leader(), m.leader().Name+"-ipv4", m.pods[1].uid), after(10), false)
		w.seen.note(sliceOf(m.source, m.source.Name+"-x7k2p", m.pods[1].uid), after(20), false)
		moved, dropped, err := f.wait(t.Context(), w.seen)
		if err != nil || !moved.Equal(after(10)) || !dropped.Equal(after(20)) {
			t.Errorf("%s: moved %v, dropped %v, %v", kind, moved, dropped, err)
		}
	}
}

func TestAWorldThatIsNotSettledIsRefused(t *testing.T) {
	w := quietWorld(t, 1)
	w.clients = fake.NewClientset()
	m := w.members[0]
	w.seen.note(sliceOf(m.source, m.source.Name+"-x7k2p", m.pods[1].uid), after(5), false)
	if _, err := w.prepare(m, results.KindReadiness); err == nil {
		t.Error("the built-in controller has dropped the leader before it failed, and that is accepted")
	}
	w.seen.note(sliceOf(m.leader(), m.leader().Name+"-ipv4"), after(5), false)
	if _, err := w.prepare(m, results.KindReadiness); err == nil {
		t.Error("nobody leads, and that is accepted")
	}
}

func TestABurstTakesThoseFirstThatAreOnTheNodeOfMost(t *testing.T) {
	w := quietWorld(t, 10)
	for _, m := range w.members[:6] {
		w.lead(m, 1)
	}
	node, chosen, err := w.choose(7)
	if err != nil || node != 1 || len(chosen) != 7 {
		t.Fatalf("node %d, %d chosen, %v", node, len(chosen), err)
	}
	for i, m := range chosen {
		if place, err := w.leaderOf(m); err != nil || (place == node) != (i < 6) {
			t.Errorf("the leader of number %d is on node %d, %v", i, place, err)
		}
	}
}

func TestWhoWasFirstIsCountedByFailover(t *testing.T) {
	for want, seen := range map[float64]times{
		0:   {},
		50:  {ours: []float64{1, 9}, builtIn: []float64{2, 3}},
		75:  {ours: []float64{1, 1, 1, 2}, builtIn: []float64{2, 2, 2, 2}},
		100: {ours: []float64{1}, builtIn: []float64{1.001}},
	} {
		if got := seen.first(); got != want {
			t.Errorf("%+v: first in %v %%, want %v", seen, got, want)
		}
	}
}
