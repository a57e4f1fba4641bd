package cluster

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// cgroupRoot is where version 1 of cgroups has a folder for each hierarchy, and version 2 all in one.
const cgroupRoot = "/sys/fs/cgroup"

const (
	// nodesCgroup is the parent of the nodes' cgroups, in each hierarchy of version 1.
	nodesCgroup = "zen-lead"
	// containersCgroup is the parent that containerd gives to containers where the kubelet names none.
	containersCgroup = "k8s.io"
)

// hierarchies are the folders of version 1, such as cpu,cpuacct, which is often linked as cpu and as cpuacct. With version 2 there are
// none: nodes then see each other's containers.
func hierarchies() []string {
	tasks, _ := filepath.Glob(filepath.Join(cgroupRoot, "*", "tasks")) // a file that version 2 does not have
	found := make([]string, 0, len(tasks))
	for _, file := range tasks {
		if real, err := filepath.EvalSymlinks(filepath.Dir(file)); err == nil {
			found = append(found, real)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func nodeCgroup(hierarchy, node string) string { return filepath.Join(hierarchy, nodesCgroup, node) }

// enterCgroups moves this process into cgroups of the node's own. A child that is started with a new cgroup namespace then takes them for
// the roots: a kubelet would otherwise look for the containers of other nodes, and one that starts again for those of its former
// life. The function that it returns moves this process back.
func enterCgroups(node string) (leave func() error, err error) {
	before := ownCgroups()
	for _, hierarchy := range hierarchies() {
		own := nodeCgroup(hierarchy, node)
		if err := os.MkdirAll(own, 0o755); err != nil {
			return nil, err
		}
		// A new cgroup of the hierarchy cpuset has no processors until it is given some.
		for _, setting := range []string{"cpuset.cpus", "cpuset.mems"} {
			for _, directory := range []string{filepath.Dir(own), own} {
				if value := readFile(hierarchy, setting); len(value) > 0 {
					err = errors.Join(err, os.WriteFile(filepath.Join(directory, setting), value, 0o600))
				}
			}
		}
		if err = errors.Join(err, enter(own)); err != nil {
			return nil, err
		}
	}
	return func() error {
		var failures []error
		for _, hierarchy := range hierarchies() {
			failures = append(failures, enter(filepath.Join(hierarchy, before[filepath.Base(hierarchy)])))
		}
		return errors.Join(failures...)
	}, nil
}

// enter moves this process into a cgroup.
func enter(cgroup string) error {
	return os.WriteFile(filepath.Join(cgroup, "cgroup.procs"), []byte("0"), 0o600)
}

// ownCgroups are this process's cgroups by the folder of the hierarchy.
func ownCgroups() map[string]string {
	own := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(readFile("/proc/self/cgroup"))); lines.Scan(); {
		if parts := strings.SplitN(lines.Text(), ":", 3); len(parts) == 3 { // number:controllers:path
			own[strings.TrimPrefix(parts[1], "name=")] = parts[2]
		}
	}
	return own
}

// mountCgroups shows a node its own cgroups in place of the host's.
func mountCgroups(node string) error {
	for _, hierarchy := range hierarchies() {
		if err := syscall.Mount(nodeCgroup(hierarchy, node), hierarchy, "", syscall.MS_BIND, ""); err != nil {
			return &os.PathError{Op: "mounting a node's own", Path: hierarchy, Err: err}
		}
	}
	return nil
}

// removeNodeCgroups removes what a node that is off has left.
func removeNodeCgroups(node string) error {
	var roots []string
	for _, hierarchy := range hierarchies() {
		roots = append(roots, nodeCgroup(hierarchy, node))
	}
	var failures []error
	for _, directory := range below(roots...) {
		failures = append(failures, removeCgroup(directory))
	}
	return errors.Join(failures...)
}

// ourCgroups are all that nodes may have left, deepest first. Beside those of version 1 there may be a hierarchy of version 2, "unified".
func ourCgroups() []string {
	var roots []string
	all, _ := filepath.Glob(filepath.Join(cgroupRoot, "*"))
	for _, hierarchy := range append(all, cgroupRoot) {
		roots = append(roots, filepath.Join(hierarchy, nodesCgroup), filepath.Join(hierarchy, containersCgroup))
	}
	return below(roots...)
}

// below are folders and all that is in them, deepest first.
func below(roots ...string) []string {
	var found []string
	for _, root := range roots {
		_ = filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				found = append(found, path)
			}
			return nil // what vanishes meanwhile needs no removal
		})
	}
	slices.SortFunc(found, func(a, b string) int { return strings.Count(b, "/") - strings.Count(a, "/") })
	return found
}

// removeCgroup waits a little: the kernel empties a cgroup soon after its last process was killed.
func removeCgroup(directory string) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := syscall.Rmdir(directory)
		if err == nil || errors.Is(err, syscall.ENOENT) {
			return nil
		}
		if !errors.Is(err, syscall.EBUSY) || time.Now().After(deadline) {
			return &os.PathError{Op: "rmdir", Path: directory, Err: err}
		}
	}
}
