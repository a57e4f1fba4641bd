package controllers

import (
	"testing"
	"time"
)

func TestTheHeartbeatOfTheActingReplicaIsMissedOnceItsLeaseIsSeenUnrenewed(t *testing.T) {
	start := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	seconds := func(count int) time.Time { return start.Add(time.Duration(count) * time.Second) }
	for name, c := range map[string]struct {
		looks  map[int]string // the Lease's versions, by second
		since  int
		missed bool
	}{
		"never looked at":            {nil, 0, false},
		"not looked at for long":     {map[int]string{0: "1"}, 10, false},
		"renewed all the time":       {map[int]string{0: "1", 2: "2", 4: "3", 6: "4", 8: "5"}, 5, false},
		"renewed once since":         {map[int]string{0: "1", 6: "2", 8: "2"}, 5, false},
		"renewed once, and no more":  {map[int]string{0: "1", 6: "2", 8: "2", 10: "2"}, 5, true},
		"looked at too soon":         {map[int]string{0: "1", 6: "1", 8: "1"}, 5, false},
		"not renewed":                {map[int]string{0: "1", 6: "1", 9: "1"}, 5, true},
		"not renewed since long ago": {map[int]string{0: "1", 9: "1"}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := &heartbeat{}
			for second := range 20 {
				if version, looked := c.looks[second]; looked {
					h.note(version, seconds(second))
				}
			}
			if got := h.missedSince(seconds(c.since)); got != c.missed {
				t.Error(got)
			}
		})
	}
}
