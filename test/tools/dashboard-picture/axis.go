package main

import (
	"math"
	"time"
)

// axis is the scale of a graph's values.
type axis struct {
	minimum, maximum float64
	ticks            []float64
	logarithmic      bool
}

// share is how far up a value is, from 0 to 1.
func (a axis) share(value float64) float64 {
	if a.logarithmic {
		return math.Log(value/a.minimum) / math.Log(a.maximum/a.minimum)
	}
	return (value - a.minimum) / (a.maximum - a.minimum)
}

// logarithmicAxis spans the values in powers of ten.
func logarithmicAxis(low, high float64) axis {
	if !(low > 0) || math.IsInf(high, 0) {
		low, high = 0.1, 1
	}
	first, last := math.Floor(math.Log10(low)+1e-9), math.Ceil(math.Log10(high)-1e-9)
	if first == last {
		last++
	}
	a := axis{minimum: math.Pow(10, first), maximum: math.Pow(10, last), logarithmic: true}
	for n := first; n <= last; n++ {
		a.ticks = append(a.ticks, math.Pow(10, n))
	}
	return a
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
	step := niceStep((high-low)/max(2, math.Floor(room/36)), config)
	if config.Min == nil {
		low = math.Floor(low/step) * step
	}
	if config.Max == nil {
		high = math.Ceil(high/step) * step
	}
	a := axis{minimum: low, maximum: high}
	for n := int(math.Ceil(low/step - 1e-9)); float64(n)*step <= high+step*1e-9; n++ {
		a.ticks = append(a.ticks, float64(n)*step)
	}
	return a
}

// niceStep is at least that large: 1, 2 or 5 times a power of ten, a power of two for bytes, or a whole number of minutes.
func niceStep(least float64, config fieldConfig) float64 {
	if config.Decimals != nil && *config.Decimals == 0 {
		least = max(1, least)
	}
	switch {
	case config.Unit == "bytes":
		return math.Pow(2, math.Ceil(math.Log2(least)-1e-9))
	case config.Unit == "s" && least > 10:
		for _, step := range []float64{15, 30, 60, 120, 300, 600, 900, 1800, 3600} {
			if step >= least {
				return step
			}
		}
		return 3600 * niceStep(least/3600, fieldConfig{})
	}
	magnitude := math.Pow(10, math.Floor(math.Log10(least)+1e-9))
	for _, factor := range []float64{1, 2, 5} {
		if step := factor * magnitude; step >= least*(1-1e-9) {
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
		if float64(to.Sub(from))/float64(candidate) <= room/60 {
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
