package main

import "testing"

func TestNumbersAreWrittenWithTheirUnits(t *testing.T) {
	for _, c := range []struct {
		value    float64
		unit     string
		decimals *int
		want     string
	}{
		{0, "short", nil, "0"}, {3, "short", nil, "3"}, {1234, "short", nil, "1.23 K"}, {0.25, "short", nil, "0.25"}, {43, "short", new(0), "43"},
		{0, "s", nil, "0 s"}, {0.0042, "s", nil, "4.2 ms"}, {1.5, "s", nil, "1.5 s"}, {90, "s", nil, "1.5 mins"}, {7200, "s", new(1), "2.0 hours"},
		{0.99923, "percentunit", new(3), "99.923%"}, {1, "percentunit", nil, "100%"},
		{48 << 20, "bytes", nil, "48 MiB"}, {0.5, "ops", nil, "0.5 ops/s"}, {0.0125, "suffix: cores", nil, "0.0125 cores"},
		{90061, "dtdurations", new(1), "1 day, 1 hour"}, {59, "dtdurations", nil, "59 seconds"}, {-3600, "dtdurations", nil, "1 hour ago"},
		{1795550820123, "dateTimeAsIso", nil, "2026-11-24 20:07:00"},
	} {
		if got, err := format(c.value, c.unit, c.decimals); err != nil || got != c.want {
			t.Errorf("%g %s: %q, want %q (%v)", c.value, c.unit, got, c.want, err)
		}
	}
	if _, err := format(1, "furlongs", nil); err == nil {
		t.Error("an unknown unit is written")
	}
}
