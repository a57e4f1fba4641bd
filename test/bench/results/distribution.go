package results

import (
	"math"
	"slices"
)

// Distribution is of times in milliseconds.
type Distribution struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// DistributionOf takes milliseconds in any order. Percentiles are by nearest rank, so each is a time that occurred, and the p99 of
// fewer than 100 is the longest. Of none at all everything is 0.
func DistributionOf(milliseconds []float64) Distribution {
	if len(milliseconds) == 0 {
		return Distribution{}
	}
	sorted := slices.Sorted(slices.Values(milliseconds))
	percentile := func(percent int) float64 {
		return toMicroseconds(sorted[(len(sorted)*percent+99)/100-1])
	}
	return Distribution{Count: len(sorted), P50: percentile(50), P90: percentile(90), P99: percentile(99), Max: percentile(100)}
}

// toMicroseconds rounds: more digits would only be noise in the file of results.
func toMicroseconds(milliseconds float64) float64 {
	return math.Round(milliseconds*1000) / 1000
}
