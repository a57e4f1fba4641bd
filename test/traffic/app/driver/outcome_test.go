package driver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/zen-lead/zen-lead/test/traffic/app/protocol"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

func TestOutcomesOfErrors(t *testing.T) {
	of := func(number syscall.Errno) error {
		return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", number)}
	}
	for _, c := range []struct {
		err  error
		want record.Outcome
	}{
		{of(syscall.ECONNREFUSED), record.Refused},
		{of(syscall.ECONNRESET), record.Reset},
		{of(syscall.EPIPE), record.Reset},
		{io.EOF, record.Reset},
		{of(syscall.ETIMEDOUT), record.TimedOut},
		{os.ErrDeadlineExceeded, record.TimedOut},
		{&net.OpError{Op: "dial", Err: context.DeadlineExceeded}, record.TimedOut},
		{of(syscall.EHOSTUNREACH), record.Other},
		{fmt.Errorf("%w", errStrange), record.Other},
		{errors.New("anything else"), record.Other},
	} {
		if got := outcomeOf(c.err); got != c.want {
			t.Errorf("%v: %v, want %v", c.err, got, c.want)
		}
	}
}

func TestOnlyTheAnswerToTheRequestCounts(t *testing.T) {
	line := protocol.AppendAnswer(nil, 7, "pod-a", protocol.OK, 1)
	if answer, err := parseAnswer(line, 7); err != nil || string(answer.Pod) != "pod-a" {
		t.Errorf("%+v %v", answer, err)
	}
	if _, err := parseAnswer(line, 8); !errors.Is(err, errStrange) {
		t.Errorf("an answer to another request: %v", err)
	}
	if _, err := parseAnswer([]byte("HTTP/1.1 400 Bad Request"), 7); !errors.Is(err, errStrange) {
		t.Errorf("no answer: %v", err)
	}
}
