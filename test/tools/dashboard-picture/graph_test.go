package main

import (
	"fmt"
	"math"
	"testing"
)

func TestAxesHaveRoundSteps(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		config    fieldConfig
		want      string
	}{
		{0, 2.3, fieldConfig{}, "[0 1 2 3]"},
		{0, 3, fieldConfig{Decimals: new(0)}, "[0 1 2 3]"},
		{1, 1, fieldConfig{Min: new(0.0), Max: new(1.0), Decimals: new(0)}, "[0 1]"},
		{0, 45 << 20, fieldConfig{Unit: "bytes"}, "[0 1.6777216e+07 3.3554432e+07 5.0331648e+07]"},
		{0, 330, fieldConfig{Unit: "s"}, "[0 120 240 360]"},
		{5, 5, fieldConfig{Min: new(0.0)}, "[0 2 4 6]"},
		{math.Inf(1), math.Inf(-1), fieldConfig{}, "[0 0.5 1]"},
	} {
		if got := fmt.Sprint(newAxis(c.low, c.high, c.config, 144).ticks); got != c.want {
			t.Errorf("%g to %g: %s, want %s", c.low, c.high, got, c.want)
		}
	}
	a := logarithmicAxis(0.004, 2.5)
	if fmt.Sprint(a.ticks) != "[0.001 0.01 0.1 1 10]" || math.Abs(a.share(0.1)-0.5) > 1e-9 {
		t.Errorf("logarithmic: %v, 0.1 at %g", a.ticks, a.share(0.1))
	}
}

func TestALineIsBrokenWhereSamplesAreMissing(t *testing.T) {
	samples := []sample{{0, 1}, {30, 2}, {90, 3}, {120, math.NaN()}, {150, 4}, {180, 5}}
	if got := fmt.Sprint(runs(samples, 30)); got != "[[{0 1} {30 2}] [{90 3}] [{150 4} {180 5}]]" {
		t.Error(got)
	}
}

func TestBarsStandOnOneAnother(t *testing.T) {
	p := panel{}
	p.FieldConfig.Defaults.Custom.Stacking.Mode = "normal"
	lines := linesOf(p, []result{{
		target: target{LegendFormat: "{{reason}}"},
		series: []series{
			{labels: map[string]string{"reason": "Deleted"}, samples: []sample{{0, 1}, {30, 2}}},
			{labels: map[string]string{"reason": "NotReady"}, samples: []sample{{30, 4}, {60, 1}}},
		},
	}})
	if got := fmt.Sprint(lines[1].name, lines[1].base); got != "NotReady[2 0]" {
		t.Error(got)
	}
	if low, high := extent(lines, custom{DrawStyle: "bars"}); low != 0 || high != 6 {
		t.Errorf("from %g to %g", low, high)
	}
}
