package main

import "testing"

func TestTheLargerTheHeapTheLessMayItGrow(t *testing.T) {
	for live, want := range map[uint64]int{0: 100, 4 << 20: 100, 24 << 20: 100, 48 << 20: 50, 120 << 20: 20, 160 << 20: 15, 1 << 40: 15} {
		if got := garbagePercent(live); got != want {
			t.Errorf("%d MiB: %d%%, want %d%%", live>>20, got, want)
		}
	}
}
