// Package monitoring proves that the operator can be seen in the Prometheus stack that users have: on a real cluster,
// prometheus-operator picks up the ServiceMonitor and the PrometheusRule and writes the configuration of a real Prometheus, which
// scrapes both replicas over TLS that it verifies and with its own token; and every alert is provoked by a real cause, and seen
// to fire and to end in Alertmanager. The rules run sixty times as fast as in earnest.
package monitoring
