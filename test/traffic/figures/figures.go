package figures

import (
	"cmp"
	"math"
	"slices"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// never is later than every time that occurs, in Unix nanoseconds.
const never = math.MaxInt64

// None is the value of FirstOther where no other Pod has answered.
const None = -1

// Figures are what one stream shows of one case.
type Figures struct {
	// Requests is how many were sent, or fell due, within the window.
	Requests int `json:"requests"`
	// Failed is how many of them were not answered with OK.
	Failed int `json:"failed"`
	// FailedByOutcome splits Failed by the outcomes' names; outcomes that did not occur are missing.
	FailedByOutcome map[string]int `json:"failed_by_outcome"`
	// LongestGap is the longest time for which all requests failed, in milliseconds: from when the first of them was sent until
	// the first one was sent that was answered with OK again, or the window ended. 0 if none failed.
	LongestGap float64 `json:"longest_gap_ms"`
	// NotLeader is how many requests were answered with OK by a Pod that was the leader at no instant between sending and
	// answer.
	NotLeader int `json:"not_leader"`
	// LeaderChanges is how often, within the window, another Pod was meant to lead. To nobody and back is no change.
	LeaderChanges int `json:"leader_changes"`
	// StopUsing is from the fault until the last request was sent that still met the faulted Pod, in milliseconds; 0 if
	// none did.
	StopUsing float64 `json:"stop_using_ms"`
	// FirstOther is from the fault until the first OK answer by another Pod to a request sent after it, in milliseconds;
	// None if there was no such answer.
	FirstOther float64 `json:"first_other_ms"`
	// Overlap is for how long two Pods answered, in milliseconds: from the first OK answer by a new Pod after the fault
	// until the last request was sent that the faulted one answered with OK. Without a faulted Pod: the same at the
	// changes of leader, the longest.
	Overlap float64 `json:"overlap_ms"`
	// OutOfOrder is how many requests were sent after a new leader's first answer was there, and answered by the former
	// leader all the same. It is meant for new connections: kept ones stay where they are.
	OutOfOrder int `json:"out_of_order"`
}

// Of computes the figures of one stream.
func Of(in Input) Figures {
	records := in.within()
	changes := handoversOf(in.Leaders, in.Window)
	f := Figures{
		Requests:        len(records),
		FailedByOutcome: map[string]int{},
		LongestGap:      milliseconds(longestGap(&in, records)),
		LeaderChanges:   len(changes),
		StopUsing:       milliseconds(stopUsing(&in, records)),
		FirstOther:      firstOther(&in, records),
		// Two clients that have seen the same.
		Overlap: milliseconds(Overlap([]Input{in, in}).Nanoseconds()),
	}
	for _, one := range records {
		switch {
		case one.Outcome != record.OK:
			f.Failed++
			f.FailedByOutcome[one.Outcome.String()]++
		case len(in.Leaders) > 0 && !led(in.Leaders, in.pod(one), one.Sent, one.Done):
			f.NotLeader++
		}
	}
	for _, change := range changes {
		f.OutOfOrder += change.outOfOrder(&in, records)
	}
	return f
}

// longestGap goes by the times of sending, which the schedule spaces evenly: how long an answer took, on a machine that is busy,
// says nothing about where requests went.
func longestGap(in *Input, records []record.Record) int64 {
	inOrder := slices.SortedFunc(slices.Values(records), func(a, b record.Record) int {
		return cmp.Or(cmp.Compare(a.Sent, b.Sent), cmp.Compare(b.Outcome, a.Outcome)) // of two at once an answer ends the gap
	})
	longest, failing := int64(0), int64(never)
	for _, one := range inOrder {
		if one.Outcome != record.OK {
			failing = min(failing, one.Sent)
			continue
		}
		longest = max(longest, one.Sent-failing)
		failing = never
	}
	return max(longest, in.Window.To.UnixNano()-failing)
}

// stopUsing takes every outcome that carries the Pod, so also a request that was lost on a connection to it.
func stopUsing(in *Input, records []record.Record) int64 {
	last := in.Fault.At.UnixNano()
	for _, one := range records {
		if in.Fault.strikes(one.Sent) && in.pod(one) == in.Fault.Pod {
			last = max(last, one.Sent)
		}
	}
	return last - in.Fault.At.UnixNano()
}

func firstOther(in *Input, records []record.Record) float64 {
	first := int64(never)
	for _, one := range records {
		other := one.Outcome == record.OK && in.pod(one) != in.Fault.Pod
		if in.Fault.Pod != "" && one.Sent >= in.Fault.At.UnixNano() && other {
			first = min(first, one.Done)
		}
	}
	if first == never {
		return None
	}
	return milliseconds(first - in.Fault.At.UnixNano())
}

func milliseconds(nanoseconds int64) float64 {
	return float64(nanoseconds) / 1e6
}
