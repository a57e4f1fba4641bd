package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/zen-lead/zen-lead/test/traffic/app/driver"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// asCommand in the environment makes the test's own binary the command, so that the race detector watches real processes.
const asCommand = "TRAFFIC_TEST_AS_COMMAND"

// patience is how long anything may take that must happen in the end.
const patience = 20 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// process is a running command.
type process struct {
	testing.TB
	command *exec.Cmd
	ended   chan struct{}
	// addresses are those that it says it listens on: tcp, udp, control.
	addresses map[string]string
}

// begin starts the command and waits until it listens. It is killed at the test's end.
func begin(t testing.TB, pod string, arguments ...string) *process {
	t.Helper()
	p := &process{TB: t, ended: make(chan struct{}), addresses: map[string]string{}}
	p.command = exec.Command(os.Args[0], arguments...)
	p.command.Env = append(os.Environ(), asCommand+"=1", "POD_NAME="+pod)
	p.command.Stderr = os.Stderr
	output, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	go func() {
		_ = p.command.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.command.Process.Kill()
		<-p.ended
	})
	if err != nil {
		t.Fatalf("it did not say where it listens: %v", err)
	}
	for _, field := range strings.Fields(line) {
		if kind, address, found := strings.Cut(field, "="); found {
			p.addresses[kind] = address
		}
	}
	return p
}

// serving starts an application under test on loopback.
func serving(t testing.TB, pod string, flags ...string) *process {
	t.Helper()
	return begin(t, pod, append([]string{"serve", "--tcp=127.0.0.1:0", "--udp=127.0.0.1:0", "--control=127.0.0.1:0"}, flags...)...)
}

// driving starts a client.
func driving(t testing.TB) *process {
	t.Helper()
	return begin(t, "", "drive", "--control=127.0.0.1:0")
}

func (p *process) signal(signal syscall.Signal) {
	p.Helper()
	if err := p.command.Process.Signal(signal); err != nil {
		p.Fatal(err)
	}
}

// exitCode waits for the end.
func (p *process) exitCode() int {
	p.Helper()
	select {
	case <-p.ended:
		return p.command.ProcessState.ExitCode()
	case <-time.After(patience):
		p.Fatal("the process does not end")
		return 0
	}
}

// call makes a call to the control address and returns the answer.
func (p *process) call(method, path string, body []byte) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(p.Context(), method, "http://"+p.addresses["control"]+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, errors.Join(err, response.Body.Close())
}

// expect makes a call that must be answered with a status.
func (p *process) expect(want int, method, path string) {
	p.Helper()
	status, answer, err := p.call(method, path, nil)
	if err != nil || status != want {
		p.Fatalf("%s %s: %d, want %d: %s%v", method, path, status, want, answer, err)
	}
}

// start starts a run of streams with a timeout in milliseconds.
func (p *process) start(timeout int, streams ...record.StreamSpec) {
	p.Helper()
	body, err := json.Marshal(driver.Spec{TimeoutMilliseconds: timeout, Streams: streams})
	if err != nil {
		p.Fatal(err)
	}
	if status, answer, err := p.call("POST", "/run", body); err != nil || status != http.StatusNoContent {
		p.Fatalf("starting a run: %d: %s%v", status, answer, err)
	}
}

// stop ends the run and returns what it has seen.
func (p *process) stop() *record.Run {
	p.Helper()
	p.expect(http.StatusNoContent, "POST", "/stop")
	return p.records()
}

func (p *process) records() *record.Run {
	p.Helper()
	status, answer, err := p.call("GET", "/records", nil)
	if err != nil || status != http.StatusOK {
		p.Fatalf("fetching records: %d %v", status, err)
	}
	run, err := record.Read(bytes.NewReader(answer))
	if err != nil {
		p.Fatal(err)
	}
	return run
}

// sees waits until every stream has a record that came after the mark and is of interest.
func (p *process) sees(what string, after mark, interesting func(pod string, one record.Record) bool) {
	p.Helper()
	eventually(p, what, func() bool {
		run := p.records()
		for stream := range run.Streams {
			found := slices.ContainsFunc(run.Of(stream), func(one record.Record) bool {
				return one.Sent >= int64(after) && interesting(run.Pods[one.Pod], one)
			})
			if !found {
				return false
			}
		}
		return true
	})
}

// mark is a time in Unix nanoseconds.
type mark int64

func now() mark {
	return mark(time.Now().UnixNano())
}

// eventually polls until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// streams returns a stream of each mode to a server.
func streams(rate, connections int, to *process) []record.StreamSpec {
	return []record.StreamSpec{
		{Name: "new", Mode: record.ModeNew, Address: to.addresses["tcp"], Rate: rate},
		{Name: "kept", Mode: record.ModeKept, Address: to.addresses["tcp"], Rate: rate, Connections: connections},
		{Name: "udp", Mode: record.ModeUDP, Address: to.addresses["udp"], Rate: rate, Connections: connections},
	}
}

// counts returns how often each outcome occurred in a stream.
func counts(run *record.Run, stream int) map[record.Outcome]int {
	found := map[record.Outcome]int{}
	for _, one := range run.Of(stream) {
		found[one.Outcome]++
	}
	return found
}
