package driver

import (
	"testing"

	"pgregory.net/rapid"
)

func TestDueRequestsAreThoseThatAreCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := schedule{start: rapid.Int64Range(0, 1<<61).Draw(t, "start"), rate: rapid.Int64Range(1, rateLimit).Draw(t, "rate")}
		at := s.start + rapid.Int64Range(-1e9, 3600e9).Draw(t, "at")
		count := s.count(at)
		if count > 0 && s.due(count-1) > at {
			t.Errorf("request %d is counted and not due", count-1)
		}
		if s.due(count) <= at {
			t.Errorf("request %d is due and not counted", count)
		}
	})
}
