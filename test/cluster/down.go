package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
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

// Down ends everything and leaves nothing behind: no process, mount, network, cgroup or file. It can be run after a crash,
// and when nothing is there.
func (c Cluster) Down(ctx context.Context) error {
	var failures []error
	for _, name := range append(slices.Clone(Nodes), controlPlaneMachine) {
		failures = append(failures, c.PowerOff(name))
	}
	if owner, found := bridgeOwner(); found && owner == c.Directory {
		for _, node := range nodes() { // the kernel would remove them a little later
			if node.cableState() != "none" {
				failures = append(failures, ip(ctx, "link del "+node.hostInterface))
			}
		}
		failures = append(failures, removeBridge(ctx))
	}
	failures = append(failures, c.restoreHost())
	if err := errors.Join(failures...); err != nil {
		return err
	}
	return removeAll(c.Directory)
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
