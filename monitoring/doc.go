// Package monitoring has what Prometheus, Alertmanager and Grafana need to know of the operator: recording rules, alerts,
// dashboards, and what is scraped. Each is written once, here, and generated (make generate) into what ships: objects of
// prometheus-operator, ConfigMaps for Grafana and the OpenShift console, and a plain rule file for those without.
package monitoring
