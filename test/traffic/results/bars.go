package results

import (
	"fmt"
	"strings"

	"github.com/zen-lead/zen-lead/test/traffic/figures"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// Bar is something that the measurements must show.
type Bar struct {
	Text     string
	Held     bool
	Measured string
}

// Bars judges the cases that were measured.
func (r *Results) Bars() []Bar {
	var bars []Bar
	for _, name := range []string{"roll-deployment", "roll-statefulset"} {
		if found, ok := r.Find(name); ok {
			bars = append(bars, rollingUpdate(found))
		}
	}
	for _, name := range []string{"readiness", "delete"} {
		if found, ok := r.Find(name); ok {
			bars = append(bars, r.notLongerThanPlain(found))
		}
	}
	return append(bars, r.oneAtATime())
}

func rollingUpdate(c Case) Bar {
	bar := Bar{Text: c.Title + ": one change of leader, no failed request on new connections", Held: true}
	var seen []string
	for _, round := range c.Rounds {
		leader := round.Streams[WayLeader][record.ModeNew]
		bar.Held = bar.Held && leader.LeaderChanges == 1 && leader.Failed == 0
		seen = append(seen, fmt.Sprintf("%d change(s), %d of %d failed", leader.LeaderChanges, leader.Failed, leader.Requests))
	}
	bar.Measured = strings.Join(seen, "; ")
	return bar
}

// notLongerThanPlain compares two times of which neither can be seen directly: a client knows only of the last request that met a
// Pod, not when the next one would no longer have. On average that is half an interval later where every request meets the Pod; where
// one in three does, by chance, two more requests go elsewhere first.
func (r *Results) notLongerThanPlain(c Case) Bar {
	leader, plain := c.Summary(WayLeader, record.ModeNew), c.Summary(WayPlain, record.ModeNew)
	interval := 1000 / float64(r.Rate)
	ours, theirs := leader.StopUsing.Median+interval/2, plain.StopUsing.Median+2.5*interval
	first := 0
	for _, round := range c.Rounds {
		if round.LeaderFirst {
			first++
		}
	}
	return Bar{
		Text: fmt.Sprintf("%s: the gap through the leader Service is not longer than the plain Service goes on using that Pod (median of %d)",
			c.Title, len(c.Rounds)),
		Held: leader.LongestGap.Median <= theirs && ours <= theirs,
		Measured: fmt.Sprintf("gap %.1f ms; the leader Service uses the Pod for %.1f ms, the plain one for %.1f ms, with what cannot be seen added "+
			"(half an interval between requests, and two and a half where one request in three meets the Pod); our slice was written first in %d of %d",
			leader.LongestGap.Median, ours, theirs, first, len(c.Rounds)),
	}
}

func (r *Results) oneAtATime() Bar {
	bar := Bar{Text: "Never two Pods at a time on new connections through the leader Service, once a node's kube-proxy has switched", Held: true}
	requests, wrong := 0, 0
	var overlaps []float64
	for _, c := range r.Cases {
		for _, round := range c.Rounds {
			leader := round.Streams[WayLeader][record.ModeNew]
			requests, wrong = requests+leader.Requests, wrong+round.OutOfOrder
			overlaps = append(overlaps, round.Overlap)
		}
	}
	bar.Held = wrong == 0
	bar.Measured = fmt.Sprintf("%d such requests beside %d of the client that measures; overlap between the nodes' kube-proxies: median %.1f ms, at most %.1f ms",
		wrong, requests, figures.Median(overlaps), figures.Percentile(overlaps, 100))
	return bar
}
