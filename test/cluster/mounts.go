package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// kept is where the cluster's folder is seen while the usual places are being covered.
const kept = "/run/zen-lead-cluster"

// mount prepares a machine's mounts. Whatever a node's daemons write to the usual places (/run, /var, /etc, /opt) stays on the node:
// /run is new and empty, as after a start, and the others lie over the host's as a layer on the node's disk.
func (c Cluster) mount(machine string, isolated bool) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keeping mounts to ourselves: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if !isolated {
		return nil
	}
	if err := mountCgroups(machine); err != nil {
		return err
	}
	if err := syscall.Sethostname([]byte(machine)); err != nil {
		return fmt.Errorf("setting the host name: %w", err)
	}
	if err := syscall.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mounting /run: %w", err)
	}
	// The cluster's folder may lie below one of those that are covered.
	if err := errors.Join(os.Mkdir(kept, 0o755), syscall.Mount(c.Directory, kept, "", syscall.MS_BIND, "")); err != nil {
		return fmt.Errorf("keeping %s in sight: %w", c.Directory, err)
	}
	for _, covered := range []string{"var", "etc", "opt"} {
		if err := cover(machine, covered); err != nil {
			return err
		}
	}
	if err := syscall.Mount(kept, c.Directory, "", syscall.MS_BIND, ""); err != nil {
		return fmt.Errorf("keeping %s in sight: %w", c.Directory, err)
	}
	// Volumes that a kubelet mounts must be seen where containerd makes containers of them.
	return syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, "")
}

// cover lays a layer over a folder of the host. The layer is on the node's disk.
func cover(machine, folder string) error {
	disk := filepath.Join(Cluster{Directory: kept}.machine(machine), "disk")
	upper, work := filepath.Join(disk, folder), filepath.Join(disk, "work-"+folder)
	if err := errors.Join(os.MkdirAll(upper, 0o755), os.MkdirAll(work, 0o755)); err != nil {
		return err
	}
	options := fmt.Sprintf("lowerdir=/%s,upperdir=%s,workdir=%s", folder, upper, work)
	if err := syscall.Mount("overlay", "/"+folder, "overlay", 0, options); err != nil {
		return fmt.Errorf("laying a layer over /%s: %w", folder, err)
	}
	return nil
}
