package driver

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/zen-lead/zen-lead/test/traffic/app/protocol"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// errStrange is an answer that is none, or one to another request.
var errStrange = errors.New("strange answer")

// outcomeOf tells what an error means to the request that met it.
func outcomeOf(err error) record.Outcome {
	var network net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return record.Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF):
		return record.Reset
	case errors.As(err, &network) && network.Timeout():
		return record.TimedOut
	}
	return record.Other
}

func outcomeOfState(state protocol.State) record.Outcome {
	if state == protocol.Unready {
		return record.Unready
	}
	return record.OK
}

// parseAnswer takes only an answer to this request.
func parseAnswer(line []byte, number int64) (protocol.Answer, error) {
	answer, ok := protocol.ParseAnswer(line)
	if !ok || answer.Number != number {
		return answer, fmt.Errorf("%w to request %d: %q", errStrange, number, line)
	}
	return answer, nil
}
