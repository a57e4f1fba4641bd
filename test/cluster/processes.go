package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// machineProcess finds a machine's first process by its command line, wherever it was started from. Zero: it is off.
func (c Cluster) machineProcess(name string) int {
	for _, process := range processes() {
		arguments := bytes.Split(readFile("/proc", strconv.Itoa(process), "cmdline"), []byte{0})
		if len(arguments) >= 4 && string(arguments[1]) == MachineCommand && string(arguments[2]) == c.Directory && string(arguments[3]) == name {
			return process
		}
	}
	return 0
}

// daemonProcess finds the process of one of a machine's daemons. Zero: it does not run.
func (c Cluster) daemonProcess(machine, daemon string) int {
	parent := c.machineProcess(machine)
	if parent == 0 {
		return 0
	}
	for _, process := range processes() {
		name, parentOf := nameAndParent(process)
		if parentOf == parent && strings.HasPrefix(daemon, name) { // the kernel keeps 15 characters of a name
			return process
		}
	}
	return 0
}

// ended tells whether a process is gone or waits to be collected. The first process of a PID namespace is so only when all others of
// it are.
func ended(process int) bool {
	stat := string(readFile("/proc", strconv.Itoa(process), "stat"))
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	return len(fields) == 0 || fields[0] == "Z" || fields[0] == "X"
}

func processes() []int {
	entries, _ := os.ReadDir("/proc")
	found := make([]int, 0, len(entries))
	for _, entry := range entries {
		if process, err := strconv.Atoi(entry.Name()); err == nil {
			found = append(found, process)
		}
	}
	return found
}

// nameAndParent reads /proc/<pid>/stat: pid (name) state parent ...
func nameAndParent(process int) (name string, parent int) {
	stat := string(readFile("/proc", strconv.Itoa(process), "stat"))
	open, end := strings.IndexByte(stat, '('), strings.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return "", 0
	}
	if fields := strings.Fields(stat[end+1:]); len(fields) > 1 {
		parent, _ = strconv.Atoi(fields[1])
	}
	return stat[open+1 : end], parent
}

// readFile returns nothing of a file that has gone, as those of ended processes have.
func readFile(path ...string) []byte {
	content, _ := os.ReadFile(filepath.Join(path...))
	return content
}

func readTrimmed(path string) (string, error) {
	content, err := os.ReadFile(path)
	return strings.TrimSpace(string(content)), err
}

// hold is a file that keeps a daemon down for as long as it is there.
func (c Cluster) hold(machine, daemon string) string {
	return filepath.Join(c.machine(machine), daemon+".hold")
}

// removeHolds lets every daemon run, as after a start.
func (c Cluster) removeHolds() error {
	holds, err := filepath.Glob(c.hold("*", "*"))
	for _, hold := range holds {
		err = errors.Join(err, os.Remove(hold))
	}
	return err
}

// StopDaemon kills a daemon of a machine, such as kube-apiserver, and keeps it down until StartDaemon.
func (c Cluster) StopDaemon(machine, daemon string) error {
	process := c.daemonProcess(machine, daemon)
	if process == 0 {
		return fmt.Errorf("%s does not run on %s", daemon, machine)
	}
	if err := os.WriteFile(c.hold(machine, daemon), nil, 0o600); err != nil {
		return err
	}
	return syscall.Kill(process, syscall.SIGKILL)
}

// StartDaemon lets a daemon run again.
func (c Cluster) StartDaemon(machine, daemon string) error {
	err := os.Remove(c.hold(machine, daemon))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s was not stopped on %s", daemon, machine)
	}
	return err
}

// PowerOff takes a machine's power: all that runs there is gone at once. It returns when the kernel is done.
func (c Cluster) PowerOff(name string) error {
	process := c.machineProcess(name)
	if process == 0 {
		return removeNodeCgroups(name)
	}
	if err := syscall.Kill(process, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("killing machine %s: %w", name, err)
	}
	for deadline := time.Now().Add(time.Minute); !ended(process); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("machine %s, process %d, does not end", name, process)
		}
	}
	return removeNodeCgroups(name)
}
