package driver

import (
	"fmt"
	"math"
	"net"
	"strconv"
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// Spec is what a run is to do.
type Spec struct {
	// TimeoutMilliseconds bounds each request, dialling included.
	TimeoutMilliseconds int                 `json:"timeout_ms"`
	Streams             []record.StreamSpec `json:"streams"`
}

// rateLimit is in requests a second and stream, connectionLimit in connections a stream.
const rateLimit, connectionLimit = 100_000, 10_000

func (s Spec) timeout() time.Duration {
	return time.Duration(s.TimeoutMilliseconds) * time.Millisecond
}

func (s Spec) validate() error {
	if s.TimeoutMilliseconds < 1 || s.timeout() > time.Minute {
		return fmt.Errorf("timeout_ms is %d, want 1 to 60000", s.TimeoutMilliseconds)
	}
	if len(s.Streams) == 0 || len(s.Streams) > math.MaxUint8 {
		return fmt.Errorf("%d streams, want 1 to %d", len(s.Streams), math.MaxUint8)
	}
	for _, stream := range s.Streams {
		if err := validateStream(stream); err != nil {
			return fmt.Errorf("stream %q: %w", stream.Name, err)
		}
	}
	return nil
}

func validateStream(stream record.StreamSpec) error {
	switch stream.Mode {
	case record.ModeNew:
	case record.ModeKept, record.ModeUDP:
		if stream.Connections < 1 || stream.Connections > connectionLimit {
			return fmt.Errorf("%d connections, want 1 to %d", stream.Connections, connectionLimit)
		}
	default:
		return fmt.Errorf("mode is %q, want %s, %s or %s", stream.Mode, record.ModeNew, record.ModeKept, record.ModeUDP)
	}
	if stream.Rate < 1 || stream.Rate > rateLimit {
		return fmt.Errorf("rate is %d, want 1 to %d", stream.Rate, rateLimit)
	}
	_, _, err := splitAddress(stream.Address)
	return err
}

func splitAddress(address string) (host string, port uint16, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil || host == "" {
		return "", 0, fmt.Errorf("address is %q, want host:port with a number", address)
	}
	return host, uint16(number), nil
}
