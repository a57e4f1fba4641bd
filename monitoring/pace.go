package monitoring

import (
	"time"

	"github.com/prometheus/common/model"
)

// Pace is how much faster than in earnest the rules judge: with 60, what takes an hour takes a minute. It is for tests with a
// real Prometheus, and divides every window and every wait alike.
type Pace int

// InEarnest is the pace of what ships.
const InEarnest Pace = 1

// of is a duration at that pace, as PromQL writes it.
func (p Pace) of(duration time.Duration) string {
	return model.Duration(p.scale(duration)).String()
}

func (p Pace) scale(duration time.Duration) time.Duration {
	return (duration / time.Duration(p)).Round(time.Millisecond)
}
