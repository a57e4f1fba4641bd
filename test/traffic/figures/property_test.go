package figures_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/zen-lead/zen-lead/test/traffic/figures"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// instants are whole milliseconds around the window, so that edges are met often.
var instants = rapid.IntRange(-20, 1020)

// anyStory is any history with any requests at all.
func anyStory(t *rapid.T) story {
	s := seen(rapid.SliceOf(rapid.Custom(func(t *rapid.T) record.Record {
		return slow(
			float64(instants.Draw(t, "sent")), float64(rapid.IntRange(0, 50).Draw(t, "took")),
			rapid.SampledFrom(pods).Draw(t, "Pod"), rapid.SampledFrom(record.Outcomes()).Draw(t, "outcome"),
		)
	})).Draw(t, "records")...)
	changes := rapid.SliceOf(instants).Draw(t, "leader changes")
	slices.Sort(changes)
	for _, change := range changes {
		s = s.ledBy(rapid.SampledFrom(pods).Draw(t, "leader"), float64(change))
	}
	if rapid.Bool().Draw(t, "a Pod fails") {
		s = s.failing(rapid.SampledFrom(pods).Draw(t, "faulted"), float64(instants.Draw(t, "fault")))
	}
	if rapid.Bool().Draw(t, "it heals") {
		s = s.healed(float64(instants.Draw(t, "healed")))
	}
	return s
}

func TestFiguresFitTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyStory(t)
		f := s.figures()
		split := 0
		for _, count := range f.FailedByOutcome {
			split += count
		}
		for rule, holds := range map[string]bool{
			"no more fail than are sent":                  f.Failed <= f.Requests && f.Requests <= len(s.Records),
			"every failure has an outcome":                split == f.Failed && f.FailedByOutcome["ok"] == 0,
			"only what was answered can be wrong":         f.NotLeader <= f.Requests-f.Failed,
			"a gap is no longer than the window":          f.LongestGap >= 0 && f.LongestGap <= 1000,
			"without a failure there is no gap":           f.Failed > 0 || f.LongestGap == 0,
			"changes are in the history":                  f.LeaderChanges <= max(0, len(s.Leaders)-1),
			"without a change there is no order":          f.LeaderChanges > 0 || f.OutOfOrder == 0,
			"times are not negative":                      f.StopUsing >= 0 && f.Overlap >= 0 && (f.FirstOther >= 0 || f.FirstOther == figures.None),
			"an overlap ends with the faulted Pod's use":  s.Fault.Pod == "" || f.Overlap <= f.StopUsing,
			"without a faulted Pod nothing is said of it": s.Fault.Pod != "" || f.StopUsing == 0 && f.FirstOther == figures.None,
		} {
			if !holds {
				t.Errorf("%s: %+v", rule, f)
			}
		}
	})
}

func TestTheOrderOfRecordsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyStory(t)
		before := s.figures()
		s.Records = rapid.Permutation(s.Records).Draw(t, "another order")
		if difference := cmp.Diff(before, s.figures()); difference != "" {
			t.Error(difference)
		}
	})
}

// Whoever sees more can only find that two Pods answered for longer.
func TestAnotherWitnessNeverShortensAnOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, two, three := figures.Input(anyStory(t)), figures.Input(anyStory(t)), figures.Input(anyStory(t))
		if figures.Overlap([]figures.Input{one, two, three}) < figures.Overlap([]figures.Input{one, two}) {
			t.Error("it did")
		}
	})
}

func TestSummariesLieWithinTheirCases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 30).Draw(t, "values")
		median := figures.Median(values)
		if median < slices.Min(values) || median > slices.Max(values) {
			t.Errorf("median %v", median)
		}
		below := 0
		for _, value := range values {
			if value < median {
				below++
			}
		}
		if below > len(values)/2 {
			t.Errorf("%d of %d values lie below the median", below, len(values))
		}
	})
}
