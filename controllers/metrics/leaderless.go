package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
)

const leaderlessHelp = "Time without a ready endpoint."

// leaderlessCollector counts the time without a ready endpoint. It reckons when it is scraped, so that a Service that is
// without one shows it at every scrape and not only when something happens.
type leaderlessCollector struct {
	now         func() time.Time
	description *prometheus.Desc

	mutex    sync.Mutex
	services map[types.NamespacedName]leaderlessTime
}

// leaderlessTime is the time that has been counted, and since when more is adding up (zero: none is).
type leaderlessTime struct {
	counted time.Duration
	since   time.Time
}

func newLeaderlessCollector(now func() time.Time) *leaderlessCollector {
	return &leaderlessCollector{
		now: now,
		description: prometheus.NewDesc(prometheus.BuildFQName(namespace, "", "leaderless_seconds_total"),
			leaderlessHelp, []string{labelNamespace, labelService}, nil),
		services: map[types.NamespacedName]leaderlessTime{},
	}
}

func (c *leaderlessCollector) set(service types.NamespacedName, leaderless bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	current := c.services[service]
	switch {
	case leaderless && current.since.IsZero():
		current.since = c.now()
	case !leaderless:
		current = leaderlessTime{counted: current.total(c.now())}
	}
	c.services[service] = current
}

func (c *leaderlessCollector) forget(service types.NamespacedName) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.services, service)
}

func (t leaderlessTime) total(now time.Time) time.Duration {
	if t.since.IsZero() {
		return t.counted
	}
	return t.counted + max(0, now.Sub(t.since))
}

// Describe implements prometheus.Collector.
func (c *leaderlessCollector) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- c.description
}

// Collect implements prometheus.Collector.
func (c *leaderlessCollector) Collect(metrics chan<- prometheus.Metric) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	now := c.now()
	for service, leaderless := range c.services {
		metrics <- prometheus.MustNewConstMetric(c.description, prometheus.CounterValue,
			leaderless.total(now).Seconds(), service.Namespace, service.Name)
	}
}
