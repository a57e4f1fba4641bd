package figures_test

import (
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/figures"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// start is when every window in these tests begins; each is 1,000 ms long.
var start = time.Date(2026, 11, 24, 1, 10, 0, 0, time.UTC)

// pods is the table of names that requests index.
var pods = []string{"", "a", "b", "c"}

// at is a time in milliseconds after the start.
func at(ms float64) time.Time {
	return start.Add(time.Duration(ms * float64(time.Millisecond)))
}

// request is one that was sent at a time in milliseconds and took one more.
func request(sent float64, pod string, outcome record.Outcome) record.Record {
	return slow(sent, 1, pod, outcome)
}

// slow is a request that took as many milliseconds as said.
func slow(sent, took float64, pod string, outcome record.Outcome) record.Record {
	one := record.Record{Sent: at(sent).UnixNano(), Done: at(sent + took).UnixNano(), Outcome: outcome}
	for i, name := range pods {
		if name == pod {
			one.Pod = uint16(i)
		}
	}
	return one
}

// answered is a request that the Pod answered well.
func answered(sent float64, pod string) record.Record {
	return request(sent, pod, record.OK)
}

// story is an Input that reads as English.
type story figures.Input

func seen(records ...record.Record) story {
	return story{Records: records, Pods: pods, Window: figures.Window{From: start, To: at(1000)}}
}

// ledBy adds a leader from a time in milliseconds on.
func (s story) ledBy(pod string, from float64) story {
	s.Leaders = append(s.Leaders[:len(s.Leaders):len(s.Leaders)], figures.Leader{At: at(from), Pod: pod})
	return s
}

func (s story) failing(pod string, from float64) story {
	s.Fault.Pod, s.Fault.At = pod, at(from)
	return s
}

func (s story) healed(from float64) story {
	s.Fault.Healed = at(from)
	return s
}

func (s story) figures() figures.Figures {
	return figures.Of(figures.Input(s))
}
