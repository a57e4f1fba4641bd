package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/zen-lead/zen-lead/monitoring"
)

// writeKustomization makes a folder one that kustomize can refer to: it does not take single files from outside the folder it is in.
func writeKustomization(directory string, resources ...string) error {
	return write(directory, "kustomization.yaml", map[string]any{
		"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources,
	})
}

// generateDashboards writes the dashboards: plain ones for import, and ConfigMaps for Grafana and for the OpenShift console.
func generateDashboards(directory string) error {
	grafana, console := filepath.Join(directory, "grafana"), filepath.Join(directory, "openshift-console")
	var forGrafana, forConsole []string
	for _, dashboard := range monitoring.Dashboards() {
		grafanaFile, consoleFile := "dashboard_"+dashboard.Name+".yaml", "console_dashboard_"+dashboard.Name+".yaml"
		forGrafana = append(forGrafana, grafanaFile)
		forConsole = append(forConsole, consoleFile)

		plain, plainErr := dashboard.Grafana()
		grafanaConfigMap, grafanaErr := dashboard.GrafanaConfigMap()
		consoleConfigMap, consoleErr := dashboard.ConsoleConfigMap()
		if err := errors.Join(plainErr, grafanaErr, consoleErr); err != nil {
			return err
		}
		err := errors.Join(
			writePlain(filepath.Join(directory, "dashboards"), dashboard.Name+".json", plain),
			write(grafana, grafanaFile, grafanaConfigMap),
			write(console, consoleFile, consoleConfigMap),
		)
		if err != nil {
			return err
		}
	}
	return errors.Join(writeKustomization(grafana, forGrafana...), writeKustomization(console, forConsole...))
}

// writePlain writes what has no room for a header.
func writePlain(directory, name string, content []byte) error {
	if err := os.MkdirAll(directory, 0o750); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(directory, name), content, 0o600)
}
