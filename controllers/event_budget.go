package controllers

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"
)

const (
	// maxNote is the longest note of an Event, in bytes. Source: k8s.io/kubernetes/pkg/apis/core/validation, NoteLengthLimit.
	maxNote = 1024
	// maxAction is the longest action of an Event, in bytes. Source: the same, ActionLengthLimit.
	maxAction = 128

	// eventBurst and eventsPerSecond are how many Events of one reason one object gets at once and from then on. Whoever may edit a Service has one written
	// with each edit, and each is a request to the API server and an object in etcd for an hour. The log and the metrics have no such limit.
	eventBurst      = 50
	eventsPerSecond = 1.0 / 60
	// eventObjects is of how many objects and reasons this is remembered: of those that had an Event last.
	eventObjects = 16384
)

// eventBudget writes Events that the API server accepts, and so many of one object and reason only.
type eventBudget struct {
	events.EventRecorder
	spam *record.EventSourceObjectSpamFilter
}

func newEventBudget(recorder events.EventRecorder, clock clock.PassiveClock) eventBudget {
	return eventBudget{recorder, record.NewEventSourceObjectSpamFilter(eventObjects, eventBurst, eventsPerSecond, clock, eventObject)}
}

// eventObject names the reason of an Event and the object that it is about. One that was deleted and made again is the same.
func eventObject(event *corev1.Event) string {
	return event.Reason + " " + event.InvolvedObject.Kind + " " + event.InvolvedObject.Namespace + "/" + event.InvolvedObject.Name
}

// Eventf writes an Event, unless its object has had too many of that reason.
func (b eventBudget) Eventf(regarding, related runtime.Object, kind, reason, action, note string, arguments ...any) {
	object, err := meta.Accessor(regarding)
	if err != nil || b.spam.Filter(&corev1.Event{Reason: reason, InvolvedObject: corev1.ObjectReference{
		Kind: fmt.Sprintf("%T", regarding), Namespace: object.GetNamespace(), Name: object.GetName(),
	}}) {
		return
	}
	b.EventRecorder.Eventf(regarding, related, kind, reason, shortened(action, maxAction), "%s", shortened(fmt.Sprintf(note, arguments...), maxNote))
}

func shortened(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit-3], "") + "..."
}
