package main

import "testing"

func TestTheLargerTheHeapTheLessMayItGrow(t *testing.T) {
	for live, want := range map[uint64]int{0: 100, 4 << 20: 100, 24 << 20: 100, 48 << 20: 50, 120 << 20: 20, 160 << 20: 15, 1 << 40: 15} {
		if got := garbagePercent(live); got != want {
			t.Errorf("%d MiB: %d%%, want %d%%", live>>20, got, want)
		}
	}
}

func TestWasteIsGivenBackOnceItIsMuchOrALargePart(t *testing.T) {
	for name, test := range map[string]struct {
		live, waste uint64
		want        bool
	}{
		"little":                             {4 << 20, 1 << 20, false},
		"much beside little":                 {4 << 20, 2 << 20, true},
		"as much beside a lot":               {128 << 20, 4 << 20, false},
		"a good part of a lot":               {128 << 20, 6 << 20, true},
		"less in use than was in use before": {4 << 20, ^uint64(0), false},
	} {
		if got := wasteful(test.live, test.waste); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
