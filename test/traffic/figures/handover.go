package figures

import (
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// handover is a time at which one Pod was to stop and another was to begin.
type handover struct {
	from string
	to   string // empty: any Pod but from
	// at is when it happened; until is when from may be used again.
	at, until int64
}

// Overlap is the longest time for which two Pods answered, one of them any of these clients and the other one another of
// them: clients on several nodes are witnesses of what each node's kube-proxy does. It is from the first OK answer by a
// new Pod until the last request was sent that the former Pod answered with OK; 0 if these do not overlap.
// Each client brings its own table of Pods. The fault, the leaders and the window are those of the first one.
func Overlap(clients []Input) time.Duration {
	longest := int64(0)
	if len(clients) == 0 {
		return 0
	}
	window := clients[0].Window
	for _, change := range handoversToJudge(clients[0]) {
		for i := range clients {
			last := change.lastOfFormer(&clients[i], window)
			for j := range clients {
				if i != j {
					longest = max(longest, last-change.firstOfNew(&clients[j], window))
				}
			}
		}
	}
	return time.Duration(longest)
}

// handoversToJudge are the fault, or the changes of leader where no Pod failed.
func handoversToJudge(in Input) []handover {
	if in.Fault.Pod == "" {
		return handoversOf(in.Leaders, in.Window)
	}
	return []handover{{from: in.Fault.Pod, at: in.Fault.At.UnixNano(), until: in.Fault.end()}}
}

// lastOfFormer is when the last request was sent that the former Pod answered; 0 if it answered none.
func (h handover) lastOfFormer(in *Input, window Window) int64 {
	last := int64(0)
	for _, one := range in.Records {
		if one.Outcome == record.OK && window.holds(one.Sent) && one.Sent < h.until && in.pod(one) == h.from {
			last = max(last, one.Sent)
		}
	}
	return last
}

// firstOfNew is when the new Pod's first answer was there; never if it gave none.
func (h handover) firstOfNew(in *Input, window Window) int64 {
	first := int64(never)
	for _, one := range in.Records {
		if one.Outcome == record.OK && window.holds(one.Sent) && one.Done >= h.at && h.isNew(in.pod(one)) {
			first = min(first, one.Done)
		}
	}
	return first
}

func (h handover) isNew(pod string) bool {
	if h.to == "" {
		return pod != h.from
	}
	return pod == h.to
}

// outOfOrder counts requests that the former Pod answered though they were sent after the new one's first answer. An
// answer that refuses counts too: it shows where the request went.
func (h handover) outOfOrder(in *Input, records []record.Record) int {
	first := h.firstOfNew(in, in.Window)
	count := 0
	for _, one := range records {
		answered := one.Outcome == record.OK || one.Outcome == record.Unready
		if answered && one.Sent > first && one.Sent < h.until && in.pod(one) == h.from {
			count++
		}
	}
	return count
}
