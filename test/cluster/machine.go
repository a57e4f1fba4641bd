package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// MachineCommand is the first argument of the process that is a machine; the others are the cluster's folder and the machine's name.
const MachineCommand = "machine"

// restartDelay is how long a daemon that ended stays down, as systemd would have it.
const restartDelay = time.Second

// daemon is a program that runs on a machine for as long as the machine does.
type daemon struct {
	Name      string
	Program   string
	Arguments []string
	// After is a file that must be there first, such as a socket.
	After string `json:",omitempty"`
}

// machineSpec is what a machine is told on its standard input once its network card is in place.
type machineSpec struct {
	Daemons  []daemon
	Commands [][]string // run in order before the daemons
	Path     []string   // of the programs
	Isolated bool       // a node: mounts of its own
}

// start starts a machine. With an address it is a node, with a network of its own.
func (c Cluster) start(ctx context.Context, name string, node *node, spec machineSpec) error {
	log, err := c.openLog(name, MachineCommand)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the child has its own descriptor
	self, err := os.Executable()
	if err != nil {
		return err
	}
	command := exec.Command(self, MachineCommand, c.Directory, name) // not bound to the context: it outlives us
	command.Dir = "/"
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	if node != nil {
		command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC
		if len(hierarchies()) > 0 {
			command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWCGROUP
		}
	}
	instructions, err := command.StdinPipe()
	if err != nil {
		return err
	}
	leave := func() error { return nil }
	if node != nil {
		if leave, err = enterCgroups(name); err != nil {
			return fmt.Errorf("making cgroups for %s: %w", name, err)
		}
	}
	if err := errors.Join(command.Start(), leave()); err != nil {
		return fmt.Errorf("starting machine %s with namespaces of its own (is this root?): %w", name, err)
	}
	if node != nil {
		if err := node.plugIn(ctx, command.Process.Pid); err != nil {
			return errors.Join(err, command.Process.Kill(), command.Wait())
		}
	}
	err = errors.Join(json.NewEncoder(instructions).Encode(spec), instructions.Close())
	return errors.Join(err, command.Process.Release())
}

func (c Cluster) openLog(machine, name string) (*os.File, error) {
	if err := os.MkdirAll(c.machine(machine), 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(c.machine(machine), name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}

// Machine is the first process of a machine: it waits for instructions, prepares mounts and network, and keeps the daemons
// running until it is told to end. When it ends, the kernel kills whatever is left.
func (c Cluster) Machine(name string, instructions io.Reader) error {
	var spec machineSpec
	if err := json.NewDecoder(instructions).Decode(&spec); err != nil {
		return fmt.Errorf("reading the instructions: %w", err)
	}
	if err := c.mount(name, spec.Isolated); err != nil {
		return err
	}
	for _, directory := range append(spec.Path, "/usr/local/sbin", "/usr/sbin", "/usr/bin", "/sbin", "/bin") {
		_ = os.Setenv("PATH", os.Getenv("PATH")+":"+directory)
	}
	for _, command := range spec.Commands {
		if err := run(context.Background(), command[0], command[1:]...); err != nil {
			return err
		}
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	supervisor := supervisor{cluster: c, machine: name, running: map[int]daemon{}}
	for _, daemon := range spec.Daemons {
		go supervisor.keep(daemon, 0)
	}
	go supervisor.reap()
	<-end
	return nil
}

// supervisor starts daemons, and starts them again when they have ended.
type supervisor struct {
	cluster Cluster
	machine string

	mutex   sync.Mutex
	running map[int]daemon
}

// keep starts a daemon as soon as what it needs is there and nobody holds it down.
func (s *supervisor) keep(daemon daemon, delay time.Duration) {
	time.Sleep(delay)
	for !exists(daemon.After) || exists(s.cluster.hold(s.machine, daemon.Name)) {
		time.Sleep(50 * time.Millisecond)
	}
	if err := s.start(daemon); err != nil {
		fmt.Fprintln(os.Stderr, "starting", daemon.Name, "failed:", err)
		go s.keep(daemon, restartDelay)
	}
}

func (s *supervisor) start(daemon daemon) error {
	log, err := s.cluster.openLog(s.machine, daemon.Name)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the child has its own descriptor
	s.mutex.Lock()
	defer s.mutex.Unlock()
	command := exec.Command(daemon.Program, daemon.Arguments...)
	command.Stdout, command.Stderr, command.Dir = log, log, s.cluster.machine(s.machine)
	if err := command.Start(); err != nil {
		return err
	}
	s.running[command.Process.Pid] = daemon
	return nil
}

// reap collects the daemons that have ended, and orphans as the first process of a PID namespace must.
func (s *supervisor) reap() {
	for {
		var status syscall.WaitStatus
		process, err := syscall.Wait4(-1, &status, 0, nil)
		if err != nil {
			time.Sleep(50 * time.Millisecond) // no children yet, or an interrupted call
			continue
		}
		s.mutex.Lock()
		ended, ours := s.running[process]
		delete(s.running, process)
		s.mutex.Unlock()
		if ours {
			fmt.Fprintf(os.Stderr, "%s ended (exit code %d, signal %d)\n", ended.Name, status.ExitStatus(), status.Signal())
			go s.keep(ended, restartDelay)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return path == "" || err == nil
}
