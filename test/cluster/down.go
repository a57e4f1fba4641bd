package cluster

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// kernelSettings are those that a kubelet changes for the whole machine.
var kernelSettings = []string{
	"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
}

// host is what was there before the cluster, to be left as it was.
type host struct {
	KernelSettings map[string]string
	Cgroups        []string
}

func (c Cluster) hostFile() string { return filepath.Join(c.Directory, "host.json") }

// rememberHost notes what the host was like, once.
func (c Cluster) rememberHost() error {
	if exists(c.hostFile()) {
		return nil
	}
	before := host{KernelSettings: map[string]string{}, Cgroups: ourCgroups()}
	for _, setting := range kernelSettings {
		if value, err := readTrimmed(filepath.Join("/proc/sys", setting)); err == nil {
			before.KernelSettings[setting] = value
		}
	}
	content, err := json.Marshal(before)
	if err != nil {
		return err
	}
	return os.WriteFile(c.hostFile(), content, 0o600)
}

// checkFolder refuses a folder with things in it that are not a cluster's: the whole folder is removed in the end.
func (c Cluster) checkFolder() error {
	entries, err := os.ReadDir(c.Directory)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil && len(entries) > 0 && !exists(c.hostFile()) {
		err = fmt.Errorf("%s is not empty and holds no cluster", c.Directory)
	}
	return err
}

// Down ends everything and leaves nothing behind: no process, mount, network, cgroup or file. It can be run after a crash,
// and when nothing is there.
func (c Cluster) Down(ctx context.Context) error {
	if err := c.checkFolder(); err != nil {
		return err
	}
	var failures []error
	for _, name := range append(slices.Clone(Nodes), controlPlaneMachine) {
		failures = append(failures, c.PowerOff(name))
	}
	if owner, found := bridgeOwner(); found && (owner == c.Directory || owner == "") { // no owner: broken off while it was made
		for _, node := range nodes() { // the kernel would remove them a little later
			if node.cableState() != "none" {
				_ = ip(ctx, "link del "+node.hostInterface) // it may be gone by now; traces looks
			}
		}
		failures = append(failures, removeBridge(ctx))
	}
	failures = append(failures, c.restoreHost())
	if err := errors.Join(failures...); err != nil {
		return err
	}
	return errors.Join(removeAll(c.Directory), c.traces())
}

// traces is an error that names what is left on the host, though nothing should be.
func (c Cluster) traces() error {
	var failures []error
	for lines := bufio.NewScanner(bytes.NewReader(readFile("/proc/self/mountinfo"))); lines.Scan(); {
		if strings.Contains(lines.Text(), c.Directory+"/") {
			failures = append(failures, fmt.Errorf("a mount is left: %s", lines.Text()))
		}
	}
	for _, node := range nodes() {
		if node.cableState() != "none" {
			failures = append(failures, fmt.Errorf("the interface %s is left", node.hostInterface))
		}
	}
	for _, name := range append(slices.Clone(Nodes), controlPlaneMachine) {
		if process := c.machineProcess(name); process != 0 {
			failures = append(failures, fmt.Errorf("machine %s still runs as process %d", name, process))
		}
	}
	return errors.Join(failures...)
}

func (c Cluster) restoreHost() error {
	content, err := os.ReadFile(c.hostFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var before host
	if err := errors.Join(err, json.Unmarshal(content, &before)); err != nil {
		return err
	}
	var failures []error
	for setting, value := range before.KernelSettings {
		path := filepath.Join("/proc/sys", setting)
		if now, err := readTrimmed(path); err == nil && now != value {
			failures = append(failures, os.WriteFile(path, []byte(value), 0o600))
		}
	}
	for _, directory := range ourCgroups() {
		if !slices.Contains(before.Cgroups, directory) {
			failures = append(failures, removeCgroup(directory))
		}
	}
	return errors.Join(failures...)
}

// removeAll retries for a moment: mounts of a namespace that just ended may still hold a folder.
func removeAll(directory string) (err error) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = os.RemoveAll(directory); err == nil {
			return nil
		}
	}
	return err
}
