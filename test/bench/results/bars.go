package results

import (
	"fmt"
	"slices"
)

// Bar is something that the measurements must show.
type Bar struct {
	Text string
	// Cases are the names of those that it judges.
	Cases []string
	Held  bool
	// Missing says that there is no measurement, or one of too few failovers, to judge by: such a bar is never held.
	Missing  bool
	Measured string
}

// Verdict is what people read.
func (b Bar) Verdict() string {
	switch {
	case b.Missing:
		return "–"
	case b.Held:
		return "yes"
	default:
		return "**no**"
	}
}

const (
	notMeasured = "not measured"
	// The least numbers of failovers that bars may be judged by.
	leastSequential = 200
	leastTakeovers  = 50
	// burstOfBar is the burst that has a bar, and the number of its failovers.
	burstOfBar = 500
	// manyServices and fewServices are those between which a failover may hardly grow.
	manyServices, fewServices = 5000, 20
)

// servicesOfBars is with how many annotated Services failovers have bars.
var servicesOfBars = []int{fewServices, 500, manyServices}

// kindTitles are what people read.
var kindTitles = map[string]string{KindReadiness: "Leader not ready", KindDeletion: "Leader deleted"}

// Bars judges the cases that were measured, and lists those that were not.
func (r *Results) Bars() []Bar {
	var bars []Bar
	for _, kind := range []string{KindReadiness, KindDeletion} {
		for _, services := range servicesOfBars {
			title := fmt.Sprintf("%s, %d Services", kindTitles[kind], services)
			bars = append(bars,
				r.ratio(title, SequentialName(kind, services), p50, 0.80, leastSequential),
				r.ratio(title, SequentialName(kind, services), p99, 1.0, leastSequential))
		}
		bars = append(bars, r.growth(kind))
	}
	title := fmt.Sprintf("Burst of %d leaders", burstOfBar)
	return append(bars,
		r.ratio(title, BurstName(burstOfBar), p50, 0.35, burstOfBar),
		r.ratio(title, BurstName(burstOfBar), longest, 0.5, burstOfBar),
		r.killed(), r.terminated(),
		r.atMost("Writes until the traffic has moved", CaseCalls, FigureWritesBeforeMoved, 1, UnitWrites),
		r.atMost("Writes of a failover in all", CaseCalls, FigureWritesPerFailover, 2, UnitWrites),
		r.atMost("Writes at rest", CaseCalls, FigureWritesAtRest, 0, UnitWrites),
		r.atMost("Resident memory of the empty process", CaseMemory, FigureResidentEmpty, 40, UnitMiB),
		r.atMost("Resident memory for each unrelated Pod, above the empty process", CaseMemory, FigurePerPod, 2.5, UnitKiB),
	)
}

// statistic is one of a Distribution's.
type statistic struct {
	name string
	of   func(Distribution) float64
}

var (
	p50     = statistic{"p50", func(d Distribution) float64 { return d.P50 }}
	p99     = statistic{"p99", func(d Distribution) float64 { return d.P99 }}
	longest = statistic{"longest", func(d Distribution) float64 { return d.Max }}
)

// ratio judges ours against the built-in controller's of the same run.
func (r *Results) ratio(title, name string, of statistic, limit float64, least int) Bar {
	bar := Bar{Text: fmt.Sprintf("%s: %s ≤ %.2f of the built-in controller's", title, of.name, limit), Cases: []string{name}}
	c, _ := r.Find(name)
	if c.Ours == nil || c.BuiltIn == nil || of.of(*c.BuiltIn) == 0 {
		return bar.missing()
	}
	ours, theirs := of.of(*c.Ours), of.of(*c.BuiltIn)
	bar.Held = ours <= limit*theirs
	bar.Measured = fmt.Sprintf("%.2f (%s of %s)", ours/theirs, inUnits(ours), inUnits(theirs))
	return bar.ofAtLeast(least, c.Ours, c.BuiltIn)
}

// growth judges what many Services cost a failover. The two cases were measured one after the other, on the same machine.
func (r *Results) growth(kind string) Bar {
	bar := Bar{
		Text:  fmt.Sprintf("%s: p50 with %d Services < 1.3 of that with %d", kindTitles[kind], manyServices, fewServices),
		Cases: []string{SequentialName(kind, manyServices), SequentialName(kind, fewServices)},
	}
	many, _ := r.Find(bar.Cases[0])
	few, _ := r.Find(bar.Cases[1])
	if many.Ours == nil || few.Ours == nil || few.Ours.P50 == 0 {
		return bar.missing()
	}
	bar.Held = many.Ours.P50 < 1.3*few.Ours.P50
	bar.Measured = fmt.Sprintf("%.2f (%s after %s)", many.Ours.P50/few.Ours.P50, inUnits(many.Ours.P50), inUnits(few.Ours.P50))
	return bar.ofAtLeast(leastSequential, many.Ours, few.Ours)
}

func (r *Results) killed() Bar {
	bar := Bar{Text: "Acting replica killed (SIGKILL) together with the leader: p99 ≤ 1 s", Cases: []string{CaseTakeoverKill}}
	c, _ := r.Find(CaseTakeoverKill)
	if c.Ours == nil {
		return bar.missing()
	}
	bar.Held = c.Ours.P99 <= 1000
	bar.Measured = fmt.Sprintf("%s, p50 %s", inUnits(c.Ours.P99), inUnits(c.Ours.P50))
	return bar.ofAtLeast(leastTakeovers, c.Ours)
}

// terminated compares the worst with the median of what is undisturbed: to be sure, not to be kind.
func (r *Results) terminated() Bar {
	bar := Bar{
		Text:  "Acting replica stopped (SIGTERM) as the leader fails: p99 ≤ 300 ms more than the undisturbed p50",
		Cases: []string{CaseTakeoverTerminate},
	}
	c, _ := r.Find(CaseTakeoverTerminate)
	undisturbed, found := c.Figure(FigureUndisturbed)
	if c.Ours == nil || !found {
		return bar.missing()
	}
	bar.Held = c.Ours.P99 <= undisturbed.Value+300
	bar.Measured = fmt.Sprintf("p99 %s, p50 %s; undisturbed p50 %s", inUnits(c.Ours.P99), inUnits(c.Ours.P50), inUnits(undisturbed.Value))
	return bar.ofAtLeast(leastTakeovers, c.Ours)
}

func (r *Results) atMost(text, name, figure string, limit float64, unit string) Bar {
	c, _ := r.Find(name)
	measured, found := c.Figure(figure)
	bar := Bar{
		Text: fmt.Sprintf("%s: at most %s", text, Figure{Value: limit, Unit: unit}), Cases: []string{name},
		Held: measured.Value <= limit, Measured: measured.String(),
	}
	if !found {
		return bar.missing()
	}
	if measured.Unit != unit {
		bar.Held, bar.Missing = false, true
		bar.Measured = fmt.Sprintf("%s, which cannot be compared with %s", measured, unit)
	}
	return bar
}

func (b Bar) missing() Bar {
	b.Held, b.Missing, b.Measured = false, true, notMeasured
	return b
}

// ofAtLeast takes the judgement back where there were too few failovers.
func (b Bar) ofAtLeast(least int, distributions ...*Distribution) Bar {
	counts := make([]int, 0, len(distributions))
	for _, one := range distributions {
		counts = append(counts, one.Count)
	}
	if fewest := slices.Min(counts); fewest < least {
		b.Held, b.Missing = false, true
		b.Measured = fmt.Sprintf("%s, but of %d failovers only: %d are needed", b.Measured, fewest, least)
	}
	return b
}
