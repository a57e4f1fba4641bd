package main

import (
	"errors"
	"path/filepath"

	"github.com/zen-lead/zen-lead/monitoring"
)

// generateForChart writes whole objects: the chart's templates set their namespace and labels. A chart's files are no templates
// themselves, so what Prometheus and Grafana put between double braces is kept.
func generateForChart(directory string, pace monitoring.Pace) error {
	failures := []error{
		write(directory, "prometheus_rule.yaml", monitoring.PrometheusRule(pace)),
		write(directory, "service_monitor.yaml", monitoring.ServiceMonitor()),
	}
	for _, dashboard := range monitoring.Dashboards() {
		grafana, grafanaErr := dashboard.GrafanaConfigMap()
		console, consoleErr := dashboard.ConsoleConfigMap()
		if err := errors.Join(grafanaErr, consoleErr); err != nil {
			return err
		}
		failures = append(failures,
			write(filepath.Join(directory, "grafana"), dashboard.Name+".yaml", grafana),
			write(filepath.Join(directory, "openshift-console"), dashboard.Name+".yaml", console))
	}
	return errors.Join(failures...)
}
