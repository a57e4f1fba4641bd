package cluster

import (
	"archive/tar"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

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

// Load imports images into every node that is on, under their names and, as if they came from a registry, under their digests.
func (c Cluster) Load(ctx context.Context, programs Binaries, archives ...string) error {
	for _, archive := range archives {
		repository, err := repositoryOf(archive)
		if err != nil {
			return err
		}
		for _, name := range Nodes {
			if c.machineProcess(name) == 0 {
				continue
			}
			// Without --local, ctr takes --digests for its opposite.
			if err := c.ctr(ctx, programs, name, "images", "import", "--local", "--digests", "--base-name", repository, archive); err != nil {
				return fmt.Errorf("importing %s into %s: %w", archive, name, err)
			}
		}
	}
	return nil
}

// repositoryOf is the name, without a tag, of the image in an archive of an OCI layout.
func repositoryOf(archive string) (string, error) {
	file, err := os.Open(archive)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	for reader := tar.NewReader(file); ; {
		header, err := reader.Next()
		if err != nil {
			return "", fmt.Errorf("looking for index.json in %s: %w", archive, err)
		}
		if path.Clean(header.Name) != "index.json" {
			continue
		}
		var index struct {
			Manifests []struct{ Annotations map[string]string }
		}
		if err := json.NewDecoder(reader).Decode(&index); err != nil {
			return "", fmt.Errorf("reading index.json of %s: %w", archive, err)
		}
		if len(index.Manifests) != 1 {
			return "", fmt.Errorf("%s has %d images, not one", archive, len(index.Manifests))
		}
		name := index.Manifests[0].Annotations["io.containerd.image.name"]
		return name[:max(0, strings.LastIndex(name, ":"))], nil
	}
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
