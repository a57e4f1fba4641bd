package controllers

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// heldOf is what comes out of it, in order.
func heldOf(t *testing.T, h *heldBack) (released []reconcile.Request, priorities []int) {
	t.Helper()
	queue := newQueue("test", &sourceSet{})
	defer queue.ShutDown()
	h.release(queue)
	for queue.Len() > 0 {
		request, priority, _ := queue.GetWithPriority()
		queue.Done(request)
		released, priorities = append(released, request), append(priorities, priority)
	}
	return released, priorities
}

func TestWhatIsHeldBackComesByPriorityAndOnce(t *testing.T) {
	other := types.NamespacedName{Namespace: "team", Name: "other"}
	h := &heldBack{}
	for _, added := range []struct {
		source   types.NamespacedName
		priority int
	}{{other, priorityInitial}, {someSource, priorityInitial}, {someSource, priorityLeader}, {someSource, priorityOther}} {
		if _, held := h.add(added.source, added.priority); !held {
			t.Errorf("%v is not held back", added)
		}
	}
	released, priorities := heldOf(t, h)
	if len(released) != 2 || released[0].NamespacedName != someSource || priorities[0] != priorityLeader || released[1].NamespacedName != other {
		t.Errorf("released: %v with %v", released, priorities)
	}
	if _, held := h.add(other, priorityOther); held {
		t.Error("something is held back after the release")
	}
	if again, _ := heldOf(t, h); len(again) > 0 {
		t.Errorf("released again: %v", again)
	}
}

func TestWhatIsGoneIsNotHeldBackUnlessItCameBack(t *testing.T) {
	h := &heldBack{}
	former, _ := h.add(someSource, priorityOther)
	latter, _ := h.add(someSource, priorityOther) // by another watch, as the first one found that nothing is left
	h.drop(someSource, former)
	if len(h.sources) != 1 {
		t.Error("what came back was dropped")
	}
	h.drop(someSource, latter)
	if released, _ := heldOf(t, h); len(released) > 0 {
		t.Errorf("released: %v", released)
	}
}
