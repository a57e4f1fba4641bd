package controllers

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	testingclock "k8s.io/utils/clock/testing"
)

// written are the notes and actions of the Events that are written.
type written struct{ notes, actions []string }

func (w *written) Eventf(_, _ runtime.Object, _, _, action, note string, arguments ...any) {
	if note != "%s" || len(arguments) != 1 {
		panic("a note is no format")
	}
	w.notes, w.actions = append(w.notes, arguments[0].(string)), append(w.actions, action)
}

func serviceNamed(name string) *corev1.Service {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: name}}
}

func TestAnObjectGetsSoManyEventsAtOnceAndThenOneAMinute(t *testing.T) {
	clock := testingclock.NewFakeClock(time.Unix(0, 0))
	sink := &written{}
	budget := newEventBudget(sink, clock)
	tellReason := func(object runtime.Object, reason string, times int) int {
		before := len(sink.notes)
		for range times {
			budget.Eventf(object, nil, corev1.EventTypeNormal, reason, "Act", "note")
		}
		return len(sink.notes) - before
	}
	tell := func(object runtime.Object, times int) int { return tellReason(object, "Reason", times) }
	app := serviceNamed("app")
	if got := tell(app, 1000); got != eventBurst {
		t.Errorf("%d at once", got)
	}
	app.UID, app.ResourceVersion = "another", "2"
	if got := tell(app, 10); got != 0 {
		t.Errorf("%d more, for it was changed or made again", got)
	}
	if got := tellReason(app, "Another", 1); got != 1 {
		t.Error("another reason shares its budget")
	}
	for name, object := range map[string]runtime.Object{
		"another Service": serviceNamed("other"), "a Pod of that name": &corev1.Pod{ObjectMeta: app.ObjectMeta},
	} {
		if got := tell(object, 1); got != 1 {
			t.Errorf("%s shares its budget", name)
		}
	}
	clock.Step(10 * time.Minute)
	if got := tell(app, 100); got != 10 {
		t.Errorf("%d in ten minutes", got)
	}
}

func TestNotesAndActionsAreCutToWhatTheAPIServerAccepts(t *testing.T) {
	sink := &written{}
	newEventBudget(sink, testingclock.NewFakeClock(time.Unix(0, 0))).
		Eventf(serviceNamed("app"), nil, corev1.EventTypeNormal, "Reason", strings.Repeat("ä", 100), "%s", strings.Repeat("ä%s", 1000))
	for limit, text := range map[int]string{maxNote: sink.notes[0], maxAction: sink.actions[0]} {
		if len(text) > limit || len(text) < limit-4 || !utf8.ValidString(text) || !strings.HasSuffix(text, "...") {
			t.Errorf("%d bytes: %q", len(text), text)
		}
	}
}
