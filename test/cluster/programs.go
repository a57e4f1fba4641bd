package cluster

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/zen-lead/zen-lead/test/binaries"
)

// Binaries are the folders that hold the programs of each set.
type Binaries map[string]string

func (p Binaries) in(set binaries.Set, name string) string { return filepath.Join(p[set.Name], name) }

// Programs builds everything that the cluster runs, unless that was done before, and has the distribution's packages.
func Programs(ctx context.Context, progress io.Writer) (Binaries, error) {
	if err := installPackages(ctx, progress); err != nil {
		return nil, err
	}
	found := Binaries{}
	for _, set := range []binaries.Set{binaries.ControlPlane, binaries.Node, binaries.Containerd, binaries.CNI, binaries.CoreDNS} {
		directory, err := set.Build(ctx, progress)
		if err != nil {
			return nil, fmt.Errorf("building %s: %w", set.Title, err)
		}
		found[set.Name] = directory
	}
	return found, nil
}

// installPackages installs with apt-get what is missing, or says what to install where there is none.
func installPackages(ctx context.Context, progress io.Writer) error {
	var missing []string
	for _, wanted := range binaries.DebianPackages {
		if _, err := exec.LookPath(wanted.Program); err != nil {
			missing = append(missing, wanted.Name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("nodes need %s; install these packages", strings.Join(missing, ", "))
	}
	fmt.Fprintf(progress, "Installing %s with apt-get...\n", strings.Join(missing, ", "))
	install := append([]string{"install", "--yes", "--no-install-recommends"}, missing...)
	return binaries.AptGet(ctx, "", install...)
}

// Kubectl is the path of kubectl, of the cluster's version.
func (p Binaries) Kubectl() string { return p.in(binaries.ControlPlane, "kubectl") }
