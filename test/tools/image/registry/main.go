// Command registry runs a command beside a container registry that has the images of some OCI layouts and lives in its memory:
//
//	registry bin/release/0.2.0/bundle-core -- opm render ghcr.io/zen-lead/zen-lead-bundle@sha256:...
//
// What uses the library containers/image, as opm and skopeo do, finds the images by their real names: a registries.conf has that
// registry in the place of the real one. Others find it at REGISTRY. So images are used as they will be, before they are published.
package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	served "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// annotationName is where test/tools/image writes an image's name.
const annotationName = "org.opencontainers.image.ref.name"

func main() {
	err := run(os.Args[1:])
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "registry:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	end := slices.Index(arguments, "--")
	if end < 1 || end == len(arguments)-1 {
		return errors.New("usage: registry layout... -- command [argument]")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	handler := served.New(served.Logger(log.New(io.Discard, "", 0)))
	go func() { _ = http.Serve(listener, handler) }() // for as long as the command runs
	address := listener.Addr().String()
	hosts := map[string]bool{}
	for _, directory := range arguments[:end] {
		host, err := push(directory, address)
		if err != nil {
			return fmt.Errorf("%s: %w", directory, err)
		}
		hosts[host] = true
	}
	return runBeside(address, hosts, arguments[end+1:])
}

// push brings a layout's images, or indexes, to the registry and returns the host that they are named for.
func push(directory, address string) (host string, err error) {
	index, err := layout.ImageIndexFromPath(directory)
	if err != nil {
		return "", err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return "", err
	}
	for _, entry := range manifest.Manifests {
		named, err := name.ParseReference(entry.Annotations[annotationName])
		if err != nil {
			return "", err
		}
		host = named.Context().RegistryStr()
		target, err := name.ParseReference(address + strings.TrimPrefix(named.Name(), host))
		if err != nil {
			return "", err
		}
		if err := pushEntry(index, entry, target); err != nil {
			return "", err
		}
	}
	return host, nil
}

func pushEntry(index v1.ImageIndex, entry v1.Descriptor, target name.Reference) error {
	if entry.MediaType.IsIndex() {
		several, err := index.ImageIndex(entry.Digest)
		if err != nil {
			return err
		}
		return remote.WriteIndex(target, several)
	}
	image, err := index.Image(entry.Digest)
	if err != nil {
		return err
	}
	return remote.Write(target, image)
}

// runBeside runs the command with the registry in place of those hosts, and in a home of its own: that is where the library looks for
// registries and for whose images it may take.
func runBeside(address string, hosts map[string]bool, arguments []string) error {
	home, err := os.MkdirTemp("", "registry-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(home) }()
	configuration := filepath.Join(home, ".config", "containers")
	registries := &strings.Builder{}
	for host := range hosts {
		fmt.Fprintf(registries, "[[registry]]\nprefix = %q\nlocation = %q\ninsecure = true\n", host, address)
	}
	if err := errors.Join(
		os.MkdirAll(configuration, 0o700),
		os.WriteFile(filepath.Join(configuration, "policy.json"), []byte(`{"default": [{"type": "insecureAcceptAnything"}]}`), 0o600),
		os.WriteFile(filepath.Join(configuration, "registries.conf"), []byte(registries.String()), 0o600),
	); err != nil {
		return err
	}
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.Env = append(os.Environ(), "REGISTRY="+address, "HOME="+home)
	return command.Run()
}
