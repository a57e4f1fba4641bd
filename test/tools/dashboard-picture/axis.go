package main

import (
	"math"
	"time"
)

// axis is the scale of a graph's values.
type axis struct {
	minimum, maximum float64
	ticks            []float64
}

// newAxis spans the values, and what the panel says that it must span, in steps that people like to read.
func newAxis(low, high float64, config fieldConfig, room float64) axis {
	if config.Min != nil {
		low = *config.Min
	}
	if config.Max != nil {
		high = *config.Max
	}
	if low > high || math.IsInf(low, 0) || math.IsInf(high, 0) {
		low, high = 0, 1
	}
	if low == high {
		low, high = min(low, 0), high+max(1, math.Abs(high)*0.5)
		if high < 0 {
			high = 0
		}
	}
	base := 10.0
	if config.Unit == "bytes" {
		base = 2
	}
	step := niceStep((high-low)/max(2, math.Floor(room/36)), base, config.Decimals)
	if config.Min == nil {
		low = math.Floor(low/step) * step
	}
	if config.Max == nil {
		high = math.Ceil(high/step) * step
	}
	a := axis{minimum: low, maximum: high}
	for n := math.Ceil(low/step - 1e-9); n*step <= high+step*1e-9; n++ {
		a.ticks = append(a.ticks, n*step)
	}
	return a
}

// niceStep is at least that large: 1, 2 or 5 times a power of ten, or a power of two.
func niceStep(least, base float64, decimals *int) float64 {
	if decimals != nil && *decimals == 0 {
		least = max(1, least)
	}
	magnitude := math.Pow(base, math.Floor(math.Log(least)/math.Log(base)+1e-9))
	if base == 2 {
		if magnitude < least {
			magnitude *= 2
		}
		return magnitude
	}
	for _, factor := range []float64{1, 2, 2.5, 5, 10} {
		if step := factor * magnitude; step >= least*(1-1e-9) && (decimals == nil || *decimals > 0 || step == math.Trunc(step)) {
			return step
		}
	}
	return 10 * magnitude
}

// timeTicks are moments at round times, with their texts.
func timeTicks(from, to time.Time, room float64) (ticks []time.Time, layout string) {
	candidates := []time.Duration{
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour,
	}
	step := candidates[len(candidates)-1]
	for _, candidate := range candidates {
		if float64(to.Sub(from))/float64(candidate) <= room/70 {
			step = candidate
			break
		}
	}
	for tick := from.UTC().Truncate(step).Add(step); !tick.After(to); tick = tick.Add(step) {
		ticks = append(ticks, tick)
	}
	switch {
	case step >= 24*time.Hour:
		return ticks, "01/02"
	case to.Sub(from) > 24*time.Hour:
		return ticks, "01/02 15:04"
	default:
		return ticks, "15:04"
	}
}
