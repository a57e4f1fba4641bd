// Package metrics defines the operator's own metrics, each in one place, and keeps the series of a Service together so
// that they go when the Service does.
package metrics

import (
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
)

const namespace = "zen_lead"

// Labels of the metrics.
const (
	labelNamespace = "namespace"
	labelService   = "service"
	labelReason    = "reason"
	labelOutcome   = "outcome"
	labelPod       = "pod"
	labelNode      = "node"
	labelKind      = "kind"
	labelVerb      = "verb"
	labelCode      = "code"
)

// Metrics are the operator's collectors. Make them with New.
type Metrics struct {
	failovers         *prometheus.CounterVec
	failoverDuration  *prometheus.HistogramVec
	endpointReady     *prometheus.GaugeVec
	candidates        *prometheus.GaugeVec
	leaderInfo        *prometheus.GaugeVec
	leaderSince       *prometheus.GaugeVec
	leaderEpoch       *prometheus.GaugeVec
	services          *prometheus.GaugeVec
	elections         *prometheus.CounterVec
	portFailures      *prometheus.CounterVec
	nameConflict      *prometheus.GaugeVec
	invalidAnnotation *prometheus.GaugeVec
	editsReverted     *prometheus.CounterVec
	apiWrites         *prometheus.CounterVec
	apiWriteDuration  *prometheus.HistogramVec
	takeovers         prometheus.Counter
	acting            prometheus.Gauge
	buildInfo         *prometheus.GaugeVec
	portUnresolved    *prometheus.GaugeVec
	certificateExpiry *prometheus.GaugeVec
	leaderless        *leaderlessCollector

	now         func() time.Time
	definitions []Definition
	collectors  []prometheus.Collector

	mutex  sync.Mutex
	known  map[types.NamespacedName]Leader // opted-in Services, and whom leader_info shows for each
	counts map[string]int                  // of known, by namespace
	// takenOver are Services that may have series though they are not known: a standby does not report gauges.
	takenOver map[types.NamespacedName]bool
}

// New makes the metrics. now is the clock of what is timed here.
func New(now func() time.Time) *Metrics {
	service := []string{labelNamespace, labelService}
	with := func(labels ...string) []string { return append(append([]string{}, service...), labels...) }
	m := &Metrics{
		now:       now,
		known:     map[types.NamespacedName]Leader{},
		counts:    map[string]int{},
		takenOver: map[types.NamespacedName]bool{},
	}
	m.failovers = m.counters("failovers_total", "Changes of leader, by the reason for the change.", with(labelReason))
	m.failoverDuration = m.histograms("failover_duration_seconds",
		"Time from the arrival of the change that cost the leader its place until the EndpointSlice was written.", []string{labelReason})
	m.leaderless = newLeaderlessCollector(now)
	m.define("leaderless_seconds_total", "counter", m.leaderless, leaderlessHelp, service)
	m.endpointReady = m.gauges("endpoint_ready", "Whether the leader Service has a ready endpoint.", service)
	m.candidates = m.gauges("candidates", "Pods that are eligible to lead.", service)
	m.leaderInfo = m.gauges("leader_info", "The Pod that leads, always 1.", with(labelPod, labelNode))
	m.leaderSince = m.gauges("leader_since_timestamp_seconds", "When the leader was elected, in seconds since the epoch.", service)
	m.leaderEpoch = m.gauges("leader_epoch", "The number of leaders elected so far.", service)
	m.services = m.gauges("services", "Services that are opted in.", []string{labelNamespace})
	m.elections = m.counters("elections_total", "Elections, by outcome: kept, changed or none.", with(labelOutcome))
	m.portFailures = m.counters("port_resolution_failures_total", "Pods that newly failed to resolve a named target port.", service)
	m.portUnresolved = m.gauges("port_unresolved_pods", "Pods that cannot lead now because they lack a named target port.", service)
	m.nameConflict = m.gauges("name_conflict", "Whether an object of somebody else stands in the way.", service)
	m.invalidAnnotation = m.gauges("invalid_annotations", "Annotations of the Service whose value is not valid now.", service)
	m.editsReverted = m.counters("manual_edits_reverted_total",
		"Edits of the operator's objects by somebody else that were put back.", service)
	m.apiWrites = m.counters("api_writes_total",
		"Requests to the API server that are not reads, by kind of object, verb and HTTP status code.", []string{labelKind, labelVerb, labelCode})
	m.apiWriteDuration = m.histograms("api_write_duration_seconds",
		"Duration of requests to the API server that are not reads.", []string{labelKind, labelVerb})
	m.takeovers = m.counters("takeovers_total", "Decisions made by this replica while another one acted first.", nil).WithLabelValues()
	m.acting = m.gauges("acting", "Whether this replica acts first.", nil).WithLabelValues()
	m.certificateExpiry = m.gauges("certificate_expiry_timestamp_seconds",
		"When the certificate that the metrics are served with expires, in seconds since the epoch. None with plain HTTP.", nil)
	m.buildInfo = m.gauges("build_info", "The operator's build, always 1.", []string{"version", "commit", "goversion"})
	for _, reason := range contract.Reasons { // a series that appears with its first failover would hide that one from rate()
		m.failoverDuration.WithLabelValues(string(reason))
	}
	return m
}

// durations are the upper bounds of the buckets of all durations, in seconds.
var durations = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Definition is what people and rules may rely on of a metric.
type Definition struct {
	// Name is the whole name.
	Name string
	// Type is counter, gauge or histogram.
	Type string
	// Labels are the names of the labels, without those that Prometheus adds.
	Labels []string
	// Help is the explanation.
	Help string
}

// ReasonSeriesPerService is how many series of a Service count its changes of leader, one for each reason that there has been.
var ReasonSeriesPerService = len(contract.Reasons)

// MostSeriesPerService is how many series a Service has at most: one of each metric of its own, but three of elections_total.
var MostSeriesPerService = 14 + ReasonSeriesPerService

// PerService is whether there are series of each Service.
func (d Definition) PerService() bool { return slices.Contains(d.Labels, labelService) }

// Definitions are those of all metrics, in the order of the contract.
func (m *Metrics) Definitions() []Definition { return slices.Clone(m.definitions) }

func (m *Metrics) define(name, kind string, collector prometheus.Collector, help string, labels []string) {
	m.definitions = append(m.definitions, Definition{Name: prometheus.BuildFQName(namespace, "", name), Type: kind, Labels: labels, Help: help})
	m.collectors = append(m.collectors, collector)
}

func (m *Metrics) counters(name, help string, labels []string) *prometheus.CounterVec {
	vector := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	m.define(name, "counter", vector, help, labels)
	return vector
}

func (m *Metrics) gauges(name, help string, labels []string) *prometheus.GaugeVec {
	vector := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
	m.define(name, "gauge", vector, help, labels)
	return vector
}

func (m *Metrics) histograms(name, help string, labels []string) *prometheus.HistogramVec {
	vector := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: durations}, labels)
	m.define(name, "histogram", vector, help, labels)
	return vector
}

// Register registers all collectors.
func (m *Metrics) Register(registerer prometheus.Registerer) error {
	for _, collector := range m.collectors {
		if err := registerer.Register(collector); err != nil {
			return err
		}
	}
	return nil
}

// SetBuild sets build_info.
func (m *Metrics) SetBuild(version, commit string) {
	m.buildInfo.WithLabelValues(version, commit, runtime.Version()).Set(1)
}

// SetActing sets whether this replica acts first.
func (m *Metrics) SetActing(acting bool) {
	m.acting.Set(boolValue(acting))
}

// OptedIn notes that a Service is opted in, and how many of its annotations do not parse.
func (m *Metrics) OptedIn(service types.NamespacedName, invalidAnnotations int) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if _, known := m.known[service]; !known {
		m.known[service] = Leader{}
		m.counts[service.Namespace]++
		m.services.WithLabelValues(service.Namespace).Set(float64(m.counts[service.Namespace]))
	}
	m.invalidAnnotation.WithLabelValues(service.Namespace, service.Name).Set(float64(invalidAnnotations))
}

// OptedOut removes every series of a Service that is not opted in (any longer), except the number of its annotations that
// do not parse where there are such: one may be the very one that should have opted it in.
func (m *Metrics) OptedOut(service types.NamespacedName, invalidAnnotations int) {
	m.NotRouted(service)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if invalidAnnotations > 0 {
		m.invalidAnnotation.WithLabelValues(service.Namespace, service.Name).Set(float64(invalidAnnotations))
	} else {
		m.invalidAnnotation.DeleteLabelValues(service.Namespace, service.Name)
	}
	if _, known := m.known[service]; !known {
		return
	}
	delete(m.known, service)
	m.counts[service.Namespace]--
	if m.counts[service.Namespace] > 0 {
		m.services.WithLabelValues(service.Namespace).Set(float64(m.counts[service.Namespace]))
	} else {
		delete(m.counts, service.Namespace)
		m.services.DeleteLabelValues(service.Namespace)
	}
}

// NotRouted removes the series of a Service's routing: it cannot have a leader Service, or shall not.
func (m *Metrics) NotRouted(service types.NamespacedName) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	_, known := m.known[service]
	if !known && !m.takenOver[service] {
		return // it has none
	}
	delete(m.takenOver, service)
	if known {
		m.known[service] = Leader{}
	}
	labels := prometheus.Labels{labelNamespace: service.Namespace, labelService: service.Name}
	for _, vector := range []interface {
		DeletePartialMatch(prometheus.Labels) int
	}{
		m.failovers, m.endpointReady, m.candidates, m.leaderInfo, m.leaderSince, m.leaderEpoch, m.elections, m.portFailures,
		m.portUnresolved, m.nameConflict, m.editsReverted,
	} {
		vector.DeletePartialMatch(labels)
	}
	m.leaderless.forget(service)
}

// ifRouted sets series of a Service, unless it has none any longer: what is told late of one that has opted out would stay for ever.
func (m *Metrics) ifRouted(service types.NamespacedName, set func()) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if _, known := m.known[service]; known || m.takenOver[service] {
		set()
	}
}

// Election counts an election.
func (m *Metrics) Election(service types.NamespacedName, outcome election.Outcome, candidates int) {
	m.ifRouted(service, func() {
		m.elections.WithLabelValues(service.Namespace, service.Name, string(outcome)).Inc()
		m.candidates.WithLabelValues(service.Namespace, service.Name).Set(float64(candidates))
	})
}

// Failover counts a change of leader. duration is from the arrival of its cause to the write; negative if unknown.
func (m *Metrics) Failover(service types.NamespacedName, reason contract.Reason, duration time.Duration) {
	m.ifRouted(service, func() { m.failovers.WithLabelValues(service.Namespace, service.Name, string(reason)).Inc() })
	if duration >= 0 {
		m.failoverDuration.WithLabelValues(string(reason)).Observe(duration.Seconds())
	}
}

// Takeover counts a decision about a Service that this replica made while another one acted first.
func (m *Metrics) Takeover(service types.NamespacedName) {
	m.takeovers.Inc()
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.takenOver[service] = true
}

// Leader is who leads a Service.
type Leader struct {
	Pod, Node string
	Since     time.Time
}

// Route sets what the slice says: the leader (nil for nobody), whether its endpoint is ready, and the epoch.
func (m *Metrics) Route(service types.NamespacedName, leader *Leader, ready bool, epoch int64) {
	labels := prometheus.Labels{labelNamespace: service.Namespace, labelService: service.Name}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	shown, known := m.known[service]
	if !known {
		return
	}
	m.endpointReady.With(labels).Set(boolValue(ready))
	m.leaderEpoch.With(labels).Set(float64(epoch))
	m.leaderless.set(service, !ready)
	if shown.Pod != "" && (leader == nil || shown.Pod != leader.Pod || shown.Node != leader.Node) {
		m.leaderInfo.DeleteLabelValues(service.Namespace, service.Name, shown.Pod, shown.Node)
	}
	if leader == nil {
		m.leaderSince.Delete(labels)
		m.known[service] = Leader{}
		return
	}
	m.known[service] = *leader
	m.leaderInfo.WithLabelValues(service.Namespace, service.Name, leader.Pod, leader.Node).Set(1)
	m.leaderSince.With(labels).Set(float64(leader.Since.UnixMicro()) / 1e6)
}

// NameConflict sets whether somebody else's object stands in the way.
func (m *Metrics) NameConflict(service types.NamespacedName, conflict bool) {
	m.ifRouted(service, func() { m.nameConflict.WithLabelValues(service.Namespace, service.Name).Set(boolValue(conflict)) })
}

// UnresolvedPorts sets how many Pods lack a named target port, and counts those among them that newly do.
func (m *Metrics) UnresolvedPorts(service types.NamespacedName, pods, newly int) {
	m.ifRouted(service, func() {
		m.portUnresolved.WithLabelValues(service.Namespace, service.Name).Set(float64(pods))
		m.portFailures.WithLabelValues(service.Namespace, service.Name).Add(float64(newly))
	})
}

// SetCertificateExpiry sets when the certificate that the metrics are served with expires.
func (m *Metrics) SetCertificateExpiry(at time.Time) {
	m.certificateExpiry.WithLabelValues().Set(float64(at.Unix()))
}

// EditReverted counts an edit that was put back.
func (m *Metrics) EditReverted(service types.NamespacedName) {
	m.ifRouted(service, func() { m.editsReverted.WithLabelValues(service.Namespace, service.Name).Inc() })
}

func boolValue(value bool) float64 {
	if value {
		return 1
	}
	return 0
}
