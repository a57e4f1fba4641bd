package soak

import (
	"math"
	"slices"
	"time"
)

// reading is a value at a moment, counted from the beginning.
type reading struct {
	at    time.Duration
	value float64
}

// trend is how a value develops: its middle, and by how much it grows in an hour.
type trend struct {
	middle, perHour float64
}

// trendOf is the median of the readings, and the median of the slopes between all pairs of them (the Theil-Sen estimator): garbage that has not been
// collected yet and the return of pages to the machine make single readings jump, which a median does not mind.
func trendOf(readings []reading) trend {
	var values, slopes []float64
	for i, a := range readings {
		values = append(values, a.value)
		for _, b := range readings[i+1:] {
			slopes = append(slopes, (b.value-a.value)/(b.at-a.at).Hours())
		}
	}
	return trend{middle: median(values), perHour: median(slopes)}
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// grows is whether the value would be larger by more than a share of its middle after so much time. What shrinks does no harm.
func (t trend) grows(share float64, during time.Duration) bool {
	return t.perHour*during.Hours() > share*math.Abs(t.middle)
}
