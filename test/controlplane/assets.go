package controlplane

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zen-lead/zen-lead/test/binaries"
)

const (
	// assetsVariable names a directory whose programs are used instead of building them.
	assetsVariable = "KUBEBUILDER_ASSETS"
	// VersionVariable has the minor version of Kubernetes to run, such as 1.24; without it the present one is run.
	VersionVariable = "CONTROLPLANE_KUBERNETES"
)

// Programs are the paths of the programs that a control plane is made of.
type Programs struct {
	Etcd, APIServer, ControllerManager, Kubectl string

	version string // of Kubernetes; empty if it is not known before they run
}

// Binaries finds the control plane's programs. It builds them from Go modules unless that was done before, or KUBEBUILDER_ASSETS names a
// directory that holds them. What it does is told to progress.
func Binaries(ctx context.Context, progress io.Writer) (Programs, error) {
	assets, minor := os.Getenv(assetsVariable), os.Getenv(VersionVariable)
	switch {
	case assets != "" && minor != "":
		return Programs{}, fmt.Errorf("both %s and %s are set; unset one of them", assetsVariable, VersionVariable)
	case assets != "":
		if err := binaries.ControlPlane.Check(assets); err != nil {
			return Programs{}, fmt.Errorf("unset %s to have it built: %w", assetsVariable, err)
		}
		return programsIn(assets, assets, ""), nil
	}
	version := binaries.KubernetesVersion
	if minor != "" {
		known := binaries.KubernetesVersions()
		found := slices.IndexFunc(known, func(version string) bool { return binaries.Minor(version) == minor })
		if found < 0 {
			return Programs{}, fmt.Errorf("%s is %q; there are the minor versions of %s", VersionVariable, minor, strings.Join(known, ", "))
		}
		version = known[found]
	}
	present, err := binaries.ControlPlane.Build(ctx, progress)
	if err != nil || version == binaries.KubernetesVersion {
		return programsIn(present, present, version), err
	}
	older, err := binaries.OlderControlPlane(version).Build(ctx, progress)
	return programsIn(present, older, version), err
}

// programsIn are etcd of one directory and Kubernetes of another one.
func programsIn(etcd, kubernetes, version string) Programs {
	return Programs{
		Etcd:              filepath.Join(etcd, "etcd"),
		APIServer:         filepath.Join(kubernetes, "kube-apiserver"),
		ControllerManager: filepath.Join(kubernetes, "kube-controller-manager"),
		Kubectl:           filepath.Join(kubernetes, "kubectl"),
		version:           version,
	}
}
