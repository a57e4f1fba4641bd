// Package metrics defines the operator's own metrics, each in one place, and keeps the series of a Service together so
// that they go when the Service does.
package metrics

import (
	"runtime"
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
	leaderless        *leaderlessCollector

	now func() time.Time

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
	return &Metrics{
		failovers:     counters("failovers_total", "Changes of leader, by the reason for the change.", with(labelReason)),
		endpointReady: gauges("endpoint_ready", "Whether the leader Service has a ready endpoint.", service),
		candidates:    gauges("candidates", "Pods that are eligible to lead.", service),
		leaderInfo:    gauges("leader_info", "The Pod that leads, always 1.", with(labelPod, labelNode)),
		leaderSince:   gauges("leader_since_timestamp_seconds", "When the leader was elected, in seconds since the epoch.", service),
		leaderEpoch:   gauges("leader_epoch", "The number of leaders elected so far.", service),
		services:      gauges("services", "Services that are opted in.", []string{labelNamespace}),
		elections:     counters("elections_total", "Elections, by outcome: kept, changed or none.", with(labelOutcome)),
		portFailures:  counters("port_resolution_failures_total", "Pods that newly failed to resolve a named target port.", service),
		nameConflict:  gauges("name_conflict", "Whether an object of somebody else stands in the way.", service),
		invalidAnnotation: gauges("invalid_annotations",
			"Annotations of the Service whose value is not valid now.", service),
		editsReverted: counters("manual_edits_reverted_total",
			"Edits of the operator's objects by somebody else that were put back.", service),
		failoverDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "failover_duration_seconds",
			Help:    "Time from the arrival of the change that cost the leader its place until the EndpointSlice was written.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{labelReason}),
		apiWrites: counters("api_writes_total",
			"Requests to the API server that are not reads, by kind of object, verb and HTTP status code.",
			[]string{labelKind, labelVerb, labelCode}),
		apiWriteDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "api_write_duration_seconds",
			Help:    "Duration of requests to the API server that are not reads.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{labelKind, labelVerb}),
		takeovers: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "takeovers_total", Help: "Decisions made by this replica while another one acted first.",
		}),
		acting: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "acting", Help: "Whether this replica acts first.",
		}),
		buildInfo:  gauges("build_info", "The operator's build, always 1.", []string{"version", "commit", "goversion"}),
		leaderless: newLeaderlessCollector(now),
		known:      map[types.NamespacedName]Leader{},
		now:        now,
		counts:     map[string]int{},
		takenOver:  map[types.NamespacedName]bool{},
	}
}

func counters(name, help string, labels []string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func gauges(name, help string, labels []string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

// Register registers all collectors.
func (m *Metrics) Register(registerer prometheus.Registerer) error {
	for _, collector := range []prometheus.Collector{
		m.failovers, m.failoverDuration, m.endpointReady, m.candidates, m.leaderInfo, m.leaderSince, m.leaderEpoch, m.services,
		m.elections, m.portFailures, m.nameConflict, m.invalidAnnotation, m.editsReverted, m.apiWrites, m.apiWriteDuration,
		m.takeovers, m.acting, m.buildInfo, m.leaderless,
	} {
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
		m.nameConflict, m.editsReverted,
	} {
		vector.DeletePartialMatch(labels)
	}
	m.leaderless.forget(service)
}

// Election counts an election.
func (m *Metrics) Election(service types.NamespacedName, outcome election.Outcome, candidates int) {
	m.elections.WithLabelValues(service.Namespace, service.Name, string(outcome)).Inc()
	m.candidates.WithLabelValues(service.Namespace, service.Name).Set(float64(candidates))
}

// Failover counts a change of leader. duration is from the arrival of its cause to the write; negative if unknown.
func (m *Metrics) Failover(service types.NamespacedName, reason contract.Reason, duration time.Duration) {
	m.failovers.WithLabelValues(service.Namespace, service.Name, string(reason)).Inc()
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
	m.endpointReady.With(labels).Set(boolValue(ready))
	m.leaderEpoch.With(labels).Set(float64(epoch))
	m.leaderless.set(service, !ready)

	m.mutex.Lock()
	defer m.mutex.Unlock()
	shown, known := m.known[service]
	if !known {
		return
	}
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
	m.nameConflict.WithLabelValues(service.Namespace, service.Name).Set(boolValue(conflict))
}

// PortResolutionFailures counts Pods that newly failed to resolve a port.
func (m *Metrics) PortResolutionFailures(service types.NamespacedName, pods int) {
	m.portFailures.WithLabelValues(service.Namespace, service.Name).Add(float64(pods))
}

// EditReverted counts an edit that was put back.
func (m *Metrics) EditReverted(service types.NamespacedName) {
	m.editsReverted.WithLabelValues(service.Namespace, service.Name).Inc()
}

func boolValue(value bool) float64 {
	if value {
		return 1
	}
	return 0
}
