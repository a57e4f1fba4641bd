package protocol_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/zen-lead/zen-lead/test/traffic/app/protocol"
)

var numbers = rapid.Int64Range(0, math.MaxInt64)

func TestWhatIsParsedIsWhatWasSent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number, at := numbers.Draw(t, "number"), numbers.Draw(t, "at")
		pod := rapid.StringMatching(`[a-z0-9.-]{1,253}`).Draw(t, "Pod")
		state := rapid.SampledFrom([]protocol.State{protocol.OK, protocol.Last, protocol.Unready}).Draw(t, "state")

		request := protocol.Request{Number: number, Close: rapid.Bool().Draw(t, "close")}
		if got, ok := protocol.ParseRequest(protocol.AppendRequest(nil, request)); !ok || got != request {
			t.Errorf("request %v, %v", got, ok)
		}
		line := protocol.AppendAnswer(nil, number, pod, state, at)
		answer, ok := protocol.ParseAnswer(line)
		if !ok || answer.Number != number || string(answer.Pod) != pod || answer.State != state || answer.At != at {
			t.Errorf("answer %+v, %v", answer, ok)
		}
		if len(line) >= protocol.LineLimit {
			t.Errorf("a line of %d bytes", len(line))
		}
	})
}

func TestOtherLinesAreRefused(t *testing.T) {
	for _, line := range []string{"", "\n", "-1\n", "1x\n", "1 \n", " close\n", "1 close close\n", "9999999999999999999\n", "10000000000000000000\n"} {
		if _, ok := protocol.ParseRequest([]byte(line)); ok {
			t.Errorf("request %q was taken", line)
		}
	}
	for _, line := range []string{"", "1\n", "1 a ok\n", "1  ok 2\n", "1 a good 2\n", "1 a ok x\n", "x a ok 2\n", "1 a ok 2 3\n"} {
		if _, ok := protocol.ParseAnswer([]byte(line)); ok {
			t.Errorf("answer %q was taken", line)
		}
	}
}

func TestLinesCostNoAllocation(t *testing.T) {
	buffer := make([]byte, 0, protocol.LineLimit)
	cost := testing.AllocsPerRun(100, func() {
		request, _ := protocol.ParseRequest(protocol.AppendRequest(buffer[:0], protocol.Request{Number: 12345, Close: true}))
		_, _ = protocol.ParseAnswer(protocol.AppendAnswer(buffer[:0], request.Number, "my-app-0", protocol.OK, 1))
	})
	if cost != 0 {
		t.Errorf("%v allocations", cost)
	}
}
