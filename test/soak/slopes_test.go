package soak

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// every minute for two hours.
func readings(value func(minute int) float64) (made []reading) {
	for minute := range 120 {
		made = append(made, reading{time.Duration(minute) * time.Minute, value(minute)})
	}
	return made
}

func TestASteadyGrowthIsFoundBehindNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noisy := trendOf(readings(func(minute int) float64 {
		return 100 + float64(minute)/6 + 30*math.Max(0, random.NormFloat64())
	}))
	if noisy.perHour < 7 || noisy.perHour > 13 || !noisy.grows(0.1, 2*time.Hour) {
		t.Errorf("10 an hour is taken for %.1f", noisy.perHour)
	}
}

func TestNoiseAloneIsNoGrowth(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noisy := trendOf(readings(func(int) float64 { return 100 + 10*random.NormFloat64() }))
	if noisy.grows(0.05, 2*time.Hour) || math.Abs(noisy.middle-100) > 5 {
		t.Errorf("%+v", noisy)
	}
}

func TestAStepIsNoSteadyGrowth(t *testing.T) {
	step := trendOf(readings(func(minute int) float64 {
		if minute < 10 {
			return 100
		}
		return 200
	}))
	if step.perHour != 0 {
		t.Errorf("%+v", step)
	}
}

func TestWithoutReadingsThereIsNoTrend(t *testing.T) {
	if got := trendOf(nil); got != (trend{}) || got.grows(0.05, time.Hour) {
		t.Errorf("%+v", got)
	}
}
