package main

import (
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// rate is enough to see something soon and little enough for a busy machine; each of the connections has ten requests a second.
const rate, connections = 100, 10

// timeout of requests in milliseconds. It is long, so that a busy machine is not taken for a failure; tests of what times
// out have one of their own.
const timeout = 5000

func with(outcome record.Outcome) func(string, record.Record) bool {
	return func(_ string, one record.Record) bool { return one.Outcome == outcome }
}

// untroubled tells whether a request went well, or was skipped because its connection was slow: on a busy machine, even the
// 100 ms between two requests of a connection may be too short for an answer.
func untroubled(one record.Record) bool {
	return one.Outcome == record.OK || one.Outcome == record.Skipped
}

func TestEveryModeIsAnswered(t *testing.T) {
	client, server := driving(t), serving(t, "pod-a")
	before := now()
	client.start(timeout, streams(rate, connections, server)...)
	eventually(t, "a hundred requests of each mode are answered", func() bool {
		run := client.records()
		return !slices.ContainsFunc([]int{0, 1, 2}, func(stream int) bool { return counts(run, stream)[record.OK] < 100 })
	})
	run := client.stop()
	after := now()
	for _, one := range run.Records {
		if !untroubled(one) || one.Outcome == record.OK && run.Pods[one.Pod] != "pod-a" {
			t.Fatalf("%v from %q", one.Outcome, run.Pods[one.Pod])
		}
		if one.Sent < int64(before) || one.Done < one.Sent || one.Done > int64(after) {
			t.Fatalf("sent %d ns after the start, answered %d ns later", one.Sent-int64(before), one.Done-one.Sent)
		}
	}
	for stream, spec := range run.Streams {
		// The rate is kept whatever happens: a request for every 10 ms that the run has lasted, not more.
		lasted := time.Duration(after - before)
		if got, most := len(run.Of(stream)), int(lasted.Seconds()*rate)+1; got > most {
			t.Errorf("%s: %d requests in %v, want %d at most", spec.Name, got, lasted, most)
		}
		if run.ResolveFailures[stream] != 0 {
			t.Errorf("%s: %d resolve failures", spec.Name, run.ResolveFailures[stream])
		}
	}
}

func TestAServerThatIsNotReadyRefuses(t *testing.T) {
	client, server := driving(t), serving(t, "pod-a")
	client.start(timeout, streams(rate, connections, server)...)
	server.expect(http.StatusOK, "GET", "/ready")
	server.expect(http.StatusNoContent, "POST", "/ready?value=false")
	server.expect(http.StatusServiceUnavailable, "GET", "/ready")
	server.expect(http.StatusOK, "GET", "/live")
	told := now()
	client.sees("it refuses", told, func(pod string, one record.Record) bool { return one.Outcome == record.Unready && pod == "pod-a" })
	server.expect(http.StatusNoContent, "POST", "/ready?value=true")
	server.expect(http.StatusOK, "GET", "/ready")
	server.expect(http.StatusBadRequest, "POST", "/ready?value=perhaps")
	again := now()
	client.sees("it serves again", again, with(record.OK))
	for _, one := range client.stop().Records {
		refused := one.Outcome == record.Unready
		if !untroubled(one) && !refused || refused && one.Sent > int64(again) {
			t.Fatalf("%v, sent %v after it was told", one.Outcome, time.Duration(one.Sent-int64(told)))
		}
	}
}

func TestAServerThatExitsAtOnce(t *testing.T) {
	client, server := driving(t), serving(t, "pod-a")
	client.start(timeout, streams(rate, connections, server)...)
	client.sees("it serves", 0, with(record.OK))
	eventually(t, "all connections are in use", func() bool { return counts(client.records(), 1)[record.OK] > 2*connections })
	_, _, _ = server.call("POST", "/exit", nil) // there may be no answer
	if code := server.exitCode(); code != 137 {
		t.Errorf("exit code %d", code)
	}
	client.sees("requests are refused", now(), with(record.Refused)) // datagrams too: the kernel says that nobody listens
	eventually(t, "all connections are refused", func() bool { return counts(client.records(), 1)[record.Refused] > 2*connections })
	run := client.stop()
	resets := 0
	for _, one := range run.Of(1) {
		if one.Outcome != record.Reset {
			continue
		}
		resets++
		// A request that is lost on a connection belongs to the Pod at its end.
		if run.Pods[one.Pod] != "pod-a" {
			t.Errorf("a reset of %q", run.Pods[one.Pod])
		}
	}
	if resets != connections {
		t.Errorf("%d of %d kept connections were reset", resets, connections)
	}
	if found := counts(run, 1); found[record.TimedOut] != 0 || found[record.Other] != 0 {
		t.Errorf("kept: %v", found)
	}
}

func TestAServerThatIsToldToEndServesForTheDelay(t *testing.T) {
	client, server := driving(t), serving(t, "pod-a", "--shutdown-delay=1s")
	client.start(timeout, streams(rate, connections, server)...)
	client.sees("it serves", 0, with(record.OK))
	server.signal(syscall.SIGTERM)
	told := now()
	if code := server.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	ended := now()
	if delay := time.Duration(ended - told); delay < time.Second {
		t.Errorf("it ended after %v", delay)
	}
	client.sees("connections are refused", ended, with(record.Refused))
	run := client.stop()
	for stream, spec := range run.Streams {
		served := 0
		for _, one := range run.Of(stream) {
			switch {
			case one.Outcome == record.OK && one.Sent > int64(told):
				served++
			case !untroubled(one) && one.Done < int64(told)+int64(time.Second):
				t.Errorf("%s: %v before the delay was over", spec.Name, one.Outcome)
			}
		}
		if served < rate/2 {
			t.Errorf("%s: served %d requests in the delay, want about %d", spec.Name, served, rate)
		}
	}
	// Every connection had its last answer before the end, so none was cut; but a request may be under way then.
	if found := counts(run, 1); found[record.Reset] > connections/2 {
		t.Errorf("kept: %v", found)
	}
}

func TestRequestsThatFallDueWhileAConnectionHangsAreSkipped(t *testing.T) {
	client, server := driving(t), serving(t, "pod-a")
	client.start(300, streams(rate, connections, server)...)
	client.sees("it serves", 0, with(record.OK))
	server.signal(syscall.SIGSTOP) // the kernel goes on accepting for it
	stopped := now()
	client.sees("requests time out", stopped, with(record.TimedOut))
	eventually(t, "requests are skipped", func() bool { return counts(client.records(), 1)[record.Skipped] > 0 })
	server.signal(syscall.SIGCONT)
	client.sees("it serves again", now(), with(record.OK))
	run := client.stop()
	for _, one := range run.Records {
		skipped := one.Outcome == record.Skipped
		if skipped && (run.Streams[one.Stream].Mode != record.ModeKept || one.Sent != one.Done || one.Pod != 0) {
			t.Errorf("skipped: %+v", one)
		}
		if skipped && !hangsAt(run, one) {
			t.Errorf("skipped though no connection hung: %+v", one)
		}
		if took := time.Duration(one.Done - one.Sent); one.Outcome == record.TimedOut && took < 300*time.Millisecond {
			t.Errorf("timed out after %v", took)
		}
	}
	if counts(run, 1)[record.TimedOut] == 0 {
		t.Error("nothing timed out")
	}
}

// hangsAt is whether a connection of the same stream was waiting for an answer when a request fell due, or the client itself was starved. A connection
// is free a moment after its answer has been recorded; how long a moment is depends on the machine.
func hangsAt(run *record.Run, due record.Record) bool {
	const moment = int64(time.Second)
	return run.LatestSend[due.Stream] > int64(10*time.Millisecond) || slices.ContainsFunc(run.Records, func(one record.Record) bool {
		return one.Outcome != record.Skipped && one.Stream == due.Stream && one.Sent <= due.Sent && due.Sent <= one.Done+moment &&
			one.Done-one.Sent >= int64(80*time.Millisecond) // a connection's requests are 100 ms apart
	})
}

func TestRunsOnCommand(t *testing.T) {
	client, server := driving(t), serving(t, "pod-a")
	client.expect(http.StatusOK, "GET", "/live")
	client.expect(http.StatusNoContent, "GET", "/records")
	client.expect(http.StatusNoContent, "POST", "/stop") // nothing to stop
	for _, bad := range []string{``, `{}`, `{"timeout_ms":1000,"streams":[{"mode":"odd","address":"a:1","rate":1}]}`, `{"unknown":1}`} {
		if status, _, err := client.call("POST", "/run", []byte(bad)); err != nil || status != http.StatusBadRequest {
			t.Errorf("run %q: %d %v", bad, status, err)
		}
	}
	client.start(timeout, streams(rate, connections, server)...)
	body := []byte(`{"timeout_ms":1000,"streams":[{"mode":"new","address":"127.0.0.1:1","rate":1}]}`)
	if status, _, err := client.call("POST", "/run", body); err != nil || status != http.StatusConflict {
		t.Errorf("a second run at a time: %d %v", status, err)
	}
	client.sees("it serves", 0, with(record.OK))
	first := client.stop()
	if again := client.stop(); len(again.Records) != len(first.Records) {
		t.Errorf("after the end there are %d records, then %d", len(first.Records), len(again.Records))
	}
	second := now()
	client.start(timeout, streams(rate, connections, server)[:1]...)
	client.sees("it serves again", second, with(record.OK))
	run := client.stop()
	if len(run.Streams) != 1 || slices.ContainsFunc(run.Records, func(one record.Record) bool { return one.Sent < int64(second) }) {
		t.Error("records of the first run are left")
	}
}

func TestCommandLines(t *testing.T) {
	for _, arguments := range [][]string{
		nil, {"fly"}, {"serve", "--tcp=nowhere"}, {"serve", "--election-lease=x"}, {"drive", "--control=nowhere"}, {"serve", "-no-such-flag"},
	} {
		t.Setenv("POD_NAME", "pod-a")
		if err := run(t.Context(), arguments); err == nil {
			t.Errorf("%q: no error", arguments)
		}
	}
	t.Setenv("POD_NAME", "")
	if err := run(t.Context(), []string{"serve"}); err == nil {
		t.Error("without a Pod's name: no error")
	}
}
