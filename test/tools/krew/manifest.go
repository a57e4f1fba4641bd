package main

import (
	"fmt"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/krew/pkg/index"
	"sigs.k8s.io/yaml"
)

// manifestOf is the manifest of a version: what is written of the plugin, and its platforms.
func manifestOf(description, version string, checksums map[platform]string) ([]byte, error) {
	written, err := os.ReadFile(filepath.Clean(description))
	if err != nil {
		return nil, err
	}
	var plugin index.Plugin
	if err := yaml.UnmarshalStrict(written, &plugin); err != nil {
		return nil, fmt.Errorf("%s: %w", description, err)
	}
	plugin.Spec.Version = "v" + version
	for _, p := range platforms() {
		plugin.Spec.Platforms = append(plugin.Spec.Platforms, index.Platform{
			URI:      released + "v" + version + "/" + p.archive(version),
			Sha256:   checksums[p],
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"os": p.os, "arch": p.architecture}},
			Bin:      p.program(),
		})
	}
	return yaml.Marshal(plugin)
}
