package main

import (
	"context"
	"testing"
	"time"
)

func TestSleepEndsWhenItsTimeIsOverOrItIsTold(t *testing.T) {
	if err := run(t.Context(), []string{"sleep", "1ms"}); err != nil {
		t.Error(err)
	}
	told, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	if err := run(told, []string{"sleep", "1h"}); err != nil || time.Since(began) > time.Minute {
		t.Error(err, time.Since(began))
	}
}

func TestSleepHasOneArgumentThatIsADuration(t *testing.T) {
	for _, arguments := range [][]string{{"sleep"}, {"sleep", "5"}, {"sleep", "5s", "5s"}} {
		if err := run(t.Context(), arguments); err == nil {
			t.Errorf("%v is no error", arguments)
		}
	}
}
