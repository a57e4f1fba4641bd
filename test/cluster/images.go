package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/zen-lead/zen-lead/test/binaries"
)

const coreDNSImage = "localhost/coredns:" + binaries.CoreDNSVersion

// makeImages makes the images that the cluster itself needs, and returns their archives. The tools that do so, and pause,
// are beside the cluster command.
func (c Cluster) makeImages(ctx context.Context, programs Binaries) ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	tools, directory := filepath.Dir(self), filepath.Join(c.Directory, "images")
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return nil, err
	}
	var archives []string
	for _, image := range []struct{ tag, program string }{
		{pauseImage, filepath.Join(tools, "pause")},
		{coreDNSImage, programs.in(binaries.CoreDNS, "coredns")},
	} {
		name := filepath.Base(image.program)
		archive := filepath.Join(directory, name+".tar")
		if err := run(ctx, filepath.Join(tools, "image"), "-tag", image.tag, "-output", archive, "-user", "0:0",
			"-entrypoint", "/"+name, image.program+"=/"+name); err != nil {
			return nil, fmt.Errorf("making the image %s: %w", image.tag, err)
		}
		archives = append(archives, archive)
	}
	return archives, nil
}

// Load imports images into every node that is on.
func (c Cluster) Load(ctx context.Context, programs Binaries, archives ...string) error {
	for _, name := range Nodes {
		if c.machineProcess(name) == 0 {
			continue
		}
		for _, archive := range archives {
			if err := c.ctr(ctx, programs, name, "images", "import", archive); err != nil {
				return fmt.Errorf("importing %s into %s: %w", archive, name, err)
			}
		}
	}
	return nil
}

// KillContainer kills a container's first process from outside, as the kernel does when memory runs out.
func (c Cluster) KillContainer(ctx context.Context, programs Binaries, name, container string) error {
	return c.ctr(ctx, programs, name, "tasks", "kill", "--signal", "SIGKILL", container)
}

// ctr runs containerd's command on a node's containers.
func (c Cluster) ctr(ctx context.Context, programs Binaries, name string, arguments ...string) error {
	process := c.machineProcess(name)
	if process == 0 {
		return fmt.Errorf("%s is off", name)
	}
	socket := filepath.Join("/proc", strconv.Itoa(process), "root", containerdSocket)
	return run(ctx, programs.in(binaries.Containerd, "ctr"), append([]string{"--address", socket, "--namespace", "k8s.io"}, arguments...)...)
}
