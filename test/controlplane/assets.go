package controlplane

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/zen-lead/zen-lead/test/binaries"
)

// assetsVariable names a directory whose binaries are used instead of building them.
const assetsVariable = "KUBEBUILDER_ASSETS"

// Binaries returns the directory that holds the control plane's programs. It builds them from Go modules unless that was
// done before, or KUBEBUILDER_ASSETS names a directory that holds them. What it does is told to progress.
func Binaries(ctx context.Context, progress io.Writer) (string, error) {
	assets := os.Getenv(assetsVariable)
	if assets == "" {
		return binaries.ControlPlane.Build(ctx, progress)
	}
	if err := binaries.ControlPlane.Check(assets); err != nil {
		return "", fmt.Errorf("unset %s to have it built: %w", assetsVariable, err)
	}
	return assets, nil
}
