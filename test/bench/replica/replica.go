// Package replica is the operator as the benchmark sees it: a process of its binary, what it says of itself, and what it takes from the
// machine.
package replica

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Options are how a replica is started.
type Options struct {
	Binary     string
	Kubeconfig string
	// Namespaces are those that it watches; all of them if there are none.
	Namespaces []string
	// LeaseNamespace is where the replicas agree on the one that acts first.
	LeaseNamespace string
	LeaderElection bool
	// Arguments are further ones.
	Arguments []string
	// Log takes what it prints; nothing does if it is nil.
	Log io.Writer
}

// Replica is one process of the operator's binary.
type Replica struct {
	command         *exec.Cmd
	metrics, health string
	ended           chan struct{} // closed once the process is gone
	exit            error         // to be read once ended is closed
}

// Start starts a replica, which is not ready yet. It does not outlive the context. Its metrics are plain HTTP: what they cost is not
// what is measured.
func Start(ctx context.Context, options Options) (*Replica, error) {
	r := &Replica{ended: make(chan struct{})}
	var err error
	if r.metrics, err = freeAddress(); err != nil {
		return nil, err
	}
	if r.health, err = freeAddress(); err != nil {
		return nil, err
	}
	r.command = exec.CommandContext(ctx, options.Binary, append([]string{
		"--kubeconfig", options.Kubeconfig,
		"--namespaces", strings.Join(options.Namespaces, ","),
		"--leader-election=" + strconv.FormatBool(options.LeaderElection),
		"--leader-election-namespace", options.LeaseNamespace,
		"--metrics-insecure", "--metrics-bind-address", r.metrics,
		"--health-probe-bind-address", r.health,
	}, options.Arguments...)...)
	r.command.Stdout, r.command.Stderr = options.Log, options.Log
	// A group of its own: Ctrl-C on the terminal reaches us only, and we end the rest in order.
	r.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := r.command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", options.Binary, err)
	}
	go func() {
		r.exit = r.command.Wait()
		close(r.ended)
	}()
	return r, nil
}

// freeAddress is a loopback address that nobody listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

// Kill ends the process without a warning (SIGKILL), and returns once it is gone: it cannot act any more.
func (r *Replica) Kill() error {
	if err := r.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-r.ended
	return nil
}

// Stop tells the process to end (SIGTERM), as a kubelet does, and does not wait for it.
func (r *Replica) Stop() error {
	return r.signal(syscall.SIGTERM)
}

// Wait waits until the process is gone. That it failed is an error.
func (r *Replica) Wait(ctx context.Context) error {
	select {
	case <-r.ended:
	case <-ctx.Done():
		return fmt.Errorf("waiting for replica %d to end: %w", r.command.Process.Pid, ctx.Err())
	}
	if r.exit != nil {
		return fmt.Errorf("replica %d ended: %w", r.command.Process.Pid, r.exit)
	}
	return nil
}

// Terminate tells the process to end and waits until it is gone.
func (r *Replica) Terminate(ctx context.Context) error {
	return errors.Join(r.Stop(), r.Wait(ctx))
}

// Freeze takes the processor away from the process (SIGSTOP), as an overloaded node does; its connections stay. It returns once the process
// has stopped: a signal takes a moment to arrive at each of its threads.
func (r *Replica) Freeze() error {
	if err := r.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for range freezePolls {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", r.command.Process.Pid))
		if err != nil || !slices.ContainsFunc(threads, runs) {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("replica %d does not freeze", r.command.Process.Pid)
}

// freezePolls is how often Freeze looks, a millisecond apart.
const freezePolls = 5000

// runs is whether a thread has not been stopped, by its file stat in /proc: "id (name) state ...".
func runs(stat string) bool {
	content, err := os.ReadFile(stat)
	if err != nil {
		return false // it has ended
	}
	_, state, _ := strings.Cut(string(content[strings.LastIndex(string(content), ")")+1:]), " ")
	return !strings.HasPrefix(state, "T")
}

// Thaw lets a frozen process go on (SIGCONT).
func (r *Replica) Thaw() error {
	return r.signal(syscall.SIGCONT)
}

// Signal sends a signal that the binary has a use for.
func (r *Replica) Signal(signal syscall.Signal) error { return r.signal(signal) }

// signal has no effect on a process that is gone already.
func (r *Replica) signal(signal syscall.Signal) error {
	if err := r.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("sending %s to replica %d: %w", signal, r.command.Process.Pid, err)
	}
	return nil
}
