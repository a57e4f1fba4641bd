package figures

import (
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// Leader says who was meant to lead from a time on, until the next one.
type Leader struct {
	At time.Time
	// Pod is empty where nobody was meant to lead.
	Pod string
}

// Fault is what was done to a Pod. The zero value is a run without one, such as a rolling update.
type Fault struct {
	At time.Time
	// Pod is the one that failed; empty if no Pod did.
	Pod string
	// Healed is when the Pod may be used again: its process was restarted, its readiness has come back. Zero: never.
	Healed time.Time
}

// Window is the time in which requests count: from From on, and before To.
type Window struct {
	From, To time.Time
}

// Input is one stream of one client, and what happened meanwhile.
type Input struct {
	// Records are those of the one stream, in any order.
	Records []record.Record
	// Pods are the names that Records index.
	Pods []string
	// Leaders is the history, sorted by time; its first entry is before the window. Empty: nobody was ever meant to lead
	// (a plain Service), then no answer counts as given by the wrong Pod.
	Leaders []Leader
	Fault   Fault
	Window  Window
}

// pod is the name of the Pod of a record, empty for none.
func (in *Input) pod(one record.Record) string {
	if int(one.Pod) >= len(in.Pods) {
		return ""
	}
	return in.Pods[one.Pod]
}

// within returns the records that were sent within the window.
func (in *Input) within() []record.Record {
	kept := make([]record.Record, 0, len(in.Records))
	for _, one := range in.Records {
		if in.Window.holds(one.Sent) {
			kept = append(kept, one)
		}
	}
	return kept
}

// holds takes Unix nanoseconds, as all that is unexported here does.
func (w Window) holds(at int64) bool {
	return at >= w.From.UnixNano() && at < w.To.UnixNano()
}

// strikes tells whether a request sent at a time belongs to the fault: sent after it, and before the Pod was well again.
func (f Fault) strikes(sent int64) bool {
	return f.Pod != "" && sent >= f.At.UnixNano() && sent < f.end()
}

// end is when the fault is over.
func (f Fault) end() int64 {
	if f.Healed.IsZero() {
		return never
	}
	return f.Healed.UnixNano()
}
