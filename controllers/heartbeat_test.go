package controllers

import (
	"testing"
	"time"
)

func TestTheHeartbeatIsOverOnceTheLeaseIsSeenUnrenewedForLongerThanTheActingReplicaLivesWithoutIt(t *testing.T) {
	start := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	seconds := func(count int) time.Time { return start.Add(time.Duration(count) * time.Second) }
	for name, c := range map[string]struct {
		looks map[int]string // the Lease's versions, by second
		over  bool
	}{
		"never looked at":              {nil, false},
		"not looked at again":          {map[int]string{0: "1"}, false},
		"renewed":                      {map[int]string{0: "1", 5: "2", 10: "3", 14: "4"}, false},
		"renewed after an outage":      {map[int]string{0: "1", 14: "2"}, false},
		"not renewed for a while":      {map[int]string{0: "1", 5: "1", 10: "1"}, false},
		"not renewed":                  {map[int]string{0: "1", 5: "1", 10: "1", 14: "1"}, true},
		"not renewed in an outage":     {map[int]string{0: "1", 14: "1"}, true},
		"not renewed, and taken since": {map[int]string{0: "1", 12: "1", 14: "2"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := &heartbeat{}
			for second := range 20 {
				if version, looked := c.looks[second]; looked {
					h.note(version, seconds(second))
				}
			}
			if got := h.isOver(); got != c.over {
				t.Error(got)
			}
		})
	}
}
