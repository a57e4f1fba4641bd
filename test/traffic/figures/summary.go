package figures

import (
	"math"
	"slices"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// Distribution is one figure over repeated cases.
type Distribution struct {
	Median float64 `json:"median"`
	Max    float64 `json:"max"`
}

// Summary is what repeated cases have in common. Its fields are those of Figures.
type Summary struct {
	Cases           int                     `json:"cases"`
	Requests        Distribution            `json:"requests"`
	Failed          Distribution            `json:"failed"`
	FailedByOutcome map[string]Distribution `json:"failed_by_outcome"`
	LongestGap      Distribution            `json:"longest_gap_ms"`
	NotLeader       Distribution            `json:"not_leader"`
	LeaderChanges   Distribution            `json:"leader_changes"`
	StopUsing       Distribution            `json:"stop_using_ms"`
	// FirstOther ranks a case in which no other Pod has answered as the longest of all; None then stands for it.
	FirstOther Distribution `json:"first_other_ms"`
	Overlap    Distribution `json:"overlap_ms"`
	OutOfOrder Distribution `json:"out_of_order"`
}

// Summarise puts repeated cases together.
func Summarise(cases []Figures) Summary {
	s := Summary{
		Cases:           len(cases),
		FailedByOutcome: map[string]Distribution{},
		Requests:        over(cases, func(f Figures) float64 { return float64(f.Requests) }),
		Failed:          over(cases, func(f Figures) float64 { return float64(f.Failed) }),
		LongestGap:      over(cases, func(f Figures) float64 { return f.LongestGap }),
		NotLeader:       over(cases, func(f Figures) float64 { return float64(f.NotLeader) }),
		LeaderChanges:   over(cases, func(f Figures) float64 { return float64(f.LeaderChanges) }),
		StopUsing:       over(cases, func(f Figures) float64 { return f.StopUsing }),
		FirstOther:      orNone(over(cases, firstOtherOrNever)),
		Overlap:         over(cases, func(f Figures) float64 { return f.Overlap }),
		OutOfOrder:      over(cases, func(f Figures) float64 { return float64(f.OutOfOrder) }),
	}
	for _, outcome := range record.Outcomes() {
		name := outcome.String()
		of := over(cases, func(f Figures) float64 { return float64(f.FailedByOutcome[name]) })
		if of.Max > 0 {
			s.FailedByOutcome[name] = of
		}
	}
	return s
}

func over(cases []Figures, figure func(Figures) float64) Distribution {
	values := make([]float64, 0, len(cases))
	for _, one := range cases {
		values = append(values, figure(one))
	}
	return Distribution{Median: Median(values), Max: Percentile(values, 100)}
}

func firstOtherOrNever(f Figures) float64 {
	if f.FirstOther == None {
		return math.Inf(1)
	}
	return f.FirstOther
}

func orNone(d Distribution) Distribution {
	if math.IsInf(d.Median, 1) {
		d.Median = None
	}
	if math.IsInf(d.Max, 1) {
		d.Max = None
	}
	return d
}

// Median is the middle value, or the mean of the two in the middle; 0 of no values.
func Median(values []float64) float64 {
	return Percentile(values, 50)
}

// Percentile is the value below which the given percentage, from 0 to 100, of the values lie, interpolated between the
// two nearest ones; 0 of no values.
func Percentile(values []float64, percentage float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	place := min(max(percentage, 0), 100) / 100 * float64(len(sorted)-1)
	below, above := sorted[int(math.Floor(place))], sorted[int(math.Ceil(place))]
	if below == above { // also two infinite values, whose difference is no number
		return below
	}
	return below + (above-below)*(place-math.Floor(place))
}
