package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/metrics"
)

var (
	db  = types.NamespacedName{Namespace: "prod", Name: "db"}
	web = types.NamespacedName{Namespace: "prod", Name: "web"}
	lab = types.NamespacedName{Namespace: "lab", Name: "db"}
)

// contractMetrics are the metrics of section 5 of the contract: their types and labels.
var contractMetrics = map[string]string{
	"zen_lead_failovers_total":                "COUNTER namespace reason service",
	"zen_lead_failover_duration_seconds":      "HISTOGRAM reason",
	"zen_lead_leaderless_seconds_total":       "COUNTER namespace service",
	"zen_lead_endpoint_ready":                 "GAUGE namespace service",
	"zen_lead_candidates":                     "GAUGE namespace service",
	"zen_lead_leader_info":                    "GAUGE namespace node pod service",
	"zen_lead_leader_since_timestamp_seconds": "GAUGE namespace service",
	"zen_lead_leader_epoch":                   "GAUGE namespace service",
	"zen_lead_services":                       "GAUGE namespace",
	"zen_lead_elections_total":                "COUNTER namespace outcome service",
	"zen_lead_port_resolution_failures_total": "COUNTER namespace service",
	"zen_lead_name_conflict":                  "GAUGE namespace service",
	"zen_lead_invalid_annotations":            "GAUGE namespace service",
	"zen_lead_manual_edits_reverted_total":    "COUNTER namespace service",
	"zen_lead_api_writes_total":               "COUNTER code kind verb",
	"zen_lead_api_write_duration_seconds":     "HISTOGRAM kind verb",
	"zen_lead_takeovers_total":                "COUNTER",
	"zen_lead_acting":                         "GAUGE",
	"zen_lead_build_info":                     "GAUGE commit goversion version",
	// Beyond the contract: what alerts need that are to end when the cause does.
	"zen_lead_port_unresolved_pods":                 "GAUGE namespace service",
	"zen_lead_certificate_expiry_timestamp_seconds": "GAUGE",
}

// meter is the operator's metrics with their registry and a clock that stands until it is moved.
type meter struct {
	*metrics.Metrics
	t        *testing.T
	registry *prometheus.Registry
	now      time.Time
}

func newMeter(t *testing.T) *meter {
	m := &meter{t: t, registry: prometheus.NewPedanticRegistry(), now: time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)}
	m.Metrics = metrics.New(func() time.Time { return m.now })
	if err := m.Register(m.registry); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *meter) pass(d time.Duration) { m.now = m.now.Add(d) }

// touch makes every series that a Service can have.
func (m *meter) touch(service types.NamespacedName) {
	m.OptedIn(service, 1)
	for _, outcome := range []election.Outcome{election.OutcomeKept, election.OutcomeChanged, election.OutcomeNone} {
		m.Election(service, outcome, 2)
	}
	for _, reason := range contract.Reasons {
		m.Failover(service, reason, 3*time.Millisecond)
	}
	m.Route(service, m.leader("a"), true, 4)
	m.NameConflict(service, true)
	m.UnresolvedPorts(service, 3, 2)
	m.EditReverted(service)
}

// touchAll makes every series there is.
func (m *meter) touchAll() {
	m.touch(db)
	m.SetBuild("1.0.0", "0123abc")
	m.SetActing(true)
	m.SetCertificateExpiry(m.now)
	m.send(http.StatusOK, http.MethodPost, "/api/v1/namespaces/prod/services")
}

func (m *meter) leader(pod string) *metrics.Leader {
	return &metrics.Leader{Pod: pod, Node: "node-" + pod, Since: m.now}
}

// send makes one request through the transport, to a server that answers with that code.
func (m *meter) send(code int, method, path string) {
	m.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
	}))
	defer server.Close()
	request, err := http.NewRequestWithContext(context.Background(), method, server.URL+path, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	response, err := m.WrapTransport(http.DefaultTransport).RoundTrip(request)
	if err != nil {
		m.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != code {
		m.t.Errorf("%s %s: the caller gets %s", method, path, response.Status)
	}
}

func (m *meter) families() []*dto.MetricFamily {
	m.t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		m.t.Fatal(err)
	}
	return families
}

// series are a metric's series: the values of their labels, in the order of the labels' names, and their value (a
// histogram's is its count).
func (m *meter) series(name string) map[string]float64 {
	m.t.Helper()
	found := map[string]float64{}
	for _, family := range m.families() {
		for _, metric := range family.GetMetric() {
			if family.GetName() == "zen_lead_"+name {
				value := metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount())
				found[strings.Join(labelsOf(metric, (*dto.LabelPair).GetValue), " ")] = value
			}
		}
	}
	return found
}

func labelsOf(metric *dto.Metric, part func(*dto.LabelPair) string) []string {
	parts := make([]string, 0, len(metric.GetLabel()))
	for _, label := range metric.GetLabel() {
		parts = append(parts, part(label))
	}
	return parts
}

func (m *meter) shows(name string, want map[string]float64) {
	m.t.Helper()
	if diff := cmp.Diff(want, m.series(name)); diff != "" {
		m.t.Errorf("%s: -want +got\n%s", name, diff)
	}
}

// ofService is every metric that has series of that Service.
func (m *meter) ofService(service types.NamespacedName) []string {
	var names []string
	for _, family := range m.families() {
		for _, metric := range family.GetMetric() {
			labels := map[string]string{}
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			if labels["namespace"] == service.Namespace && labels["service"] == service.Name {
				names = append(names, family.GetName())
			}
		}
	}
	return slices.Compact(names)
}

func TestAllMetricsPassPromlint(t *testing.T) {
	m := newMeter(t)
	m.touchAll()
	problems, err := promlint.NewWithMetricFamilies(m.families()).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

func TestTheMetricsAreThoseOfTheContract(t *testing.T) {
	m := newMeter(t)
	m.touchAll()
	found := map[string]string{}
	for _, family := range m.families() {
		labels := labelsOf(family.GetMetric()[0], (*dto.LabelPair).GetName)
		found[family.GetName()] = strings.Join(append([]string{family.GetType().String()}, labels...), " ")
	}
	if diff := cmp.Diff(contractMetrics, found); diff != "" {
		t.Errorf("-contract +product\n%s", diff)
	}
}

func TestMetricsCannotBeRegisteredTwice(t *testing.T) {
	m := newMeter(t)
	if m.Register(m.registry) == nil {
		t.Error("no error")
	}
}

func TestAServiceThatIsForgottenLeavesNoSeries(t *testing.T) {
	m := newMeter(t)
	m.touch(db)
	m.touch(lab)
	perService := m.ofService(lab)
	if len(perService) != 13 {
		t.Errorf("touched %v", perService)
	}
	m.OptedOut(db, 0)
	m.OptedOut(db, 0) // again, as any level-triggered caller may
	if left := m.ofService(db); left != nil {
		t.Errorf("left: %v", left)
	}
	if kept := m.ofService(lab); !slices.Equal(kept, perService) {
		t.Errorf("of another Service: %v, before %v", kept, perService)
	}
	m.shows("services", map[string]float64{"lab": 1})
}

func TestAThousandServicesHaveNoMoreSeriesThanIsDocumentedAndLeaveNone(t *testing.T) {
	const services = 1000
	m := newMeter(t)
	series := func() (count int) {
		for _, family := range m.families() {
			count += len(family.GetMetric())
		}
		return count
	}
	before := series()
	for i := range services {
		m.touch(types.NamespacedName{Namespace: "prod", Name: fmt.Sprintf("s-%d", i)})
	}
	if got, want := series()-before, services*metrics.MostSeriesPerService+1; got != want { // and services{namespace}
		t.Errorf("%d series, want %d", got, want)
	}
	for i := range services {
		m.OptedOut(types.NamespacedName{Namespace: "prod", Name: fmt.Sprintf("s-%d", i)}, 0)
	}
	if left := series() - before; left != 0 {
		t.Errorf("%d series are left", left)
	}
}

func TestAServiceThatComesBackStartsAnew(t *testing.T) {
	m := newMeter(t)
	m.touch(db)
	m.OptedOut(db, 0)
	m.OptedIn(db, 0)
	m.Route(db, m.leader("b"), true, 5)
	m.shows("leader_info", map[string]float64{"prod node-b b db": 1})
	m.shows("elections_total", map[string]float64{})
	m.shows("services", map[string]float64{"prod": 1})
}

func TestAServiceThatIsNotOptedInHasInvalidAnnotationsOnly(t *testing.T) {
	m := newMeter(t)
	m.OptedOut(db, 1)
	m.shows("invalid_annotations", map[string]float64{"prod db": 1})
	m.shows("services", map[string]float64{})
	m.OptedOut(db, 0)
	m.shows("invalid_annotations", map[string]float64{})
}

func TestServicesAreCountedByNamespace(t *testing.T) {
	m := newMeter(t)
	for _, service := range []types.NamespacedName{db, web, lab, db} {
		m.OptedIn(service, 0)
	}
	m.shows("services", map[string]float64{"prod": 2, "lab": 1})
	m.OptedOut(web, 0)
	m.shows("services", map[string]float64{"prod": 1, "lab": 1})
	m.OptedOut(types.NamespacedName{Namespace: "prod", Name: "never"}, 0)
	m.OptedOut(lab, 0)
	m.shows("services", map[string]float64{"prod": 1})
}

func TestLeaderlessTimeAddsUpUntilThereIsAReadyEndpoint(t *testing.T) {
	m := newMeter(t)
	m.OptedIn(db, 0)
	shows := func(seconds float64) {
		t.Helper()
		m.shows("leaderless_seconds_total", map[string]float64{"prod db": seconds})
	}
	step := func(leader *metrics.Leader, ready bool, then time.Duration) {
		m.Route(db, leader, ready, 1)
		m.pass(then)
	}
	step(m.leader("a"), true, time.Minute)
	shows(0)
	step(nil, false, 1500*time.Millisecond)
	shows(1.5)
	step(m.leader("b"), false, time.Second) // a leader that is drained is none that is ready
	shows(2.5)
	step(m.leader("b"), true, time.Hour)
	shows(2.5)
	step(nil, false, time.Second)
	shows(3.5)
	step(m.leader("b"), true, 0)
	step(m.leader("b"), true, time.Hour)
	shows(3.5)
	step(nil, false, 0)
	m.pass(-time.Hour) // a clock that is put back takes nothing away
	shows(3.5)
}

func TestWhoLeadsIsOneSeriesAService(t *testing.T) {
	m := newMeter(t)
	m.OptedIn(db, 0)
	m.OptedIn(web, 0)
	m.Route(web, m.leader("x"), true, 1)
	other := "prod node-x x web"
	since := float64(m.now.Unix())
	for _, step := range []struct {
		leader *metrics.Leader
		want   string
	}{
		{m.leader("a"), "prod node-a a db"},
		{m.leader("a"), "prod node-a a db"},
		{&metrics.Leader{Pod: "a", Node: "node-z", Since: m.now}, "prod node-z a db"},
		{m.leader("b"), "prod node-b b db"},
		{nil, ""}, {nil, ""},
		{m.leader("b"), "prod node-b b db"},
	} {
		m.Route(db, step.leader, step.leader != nil, 7)
		info, times := map[string]float64{other: 1}, map[string]float64{"prod web": since}
		if step.leader != nil {
			info[step.want], times["prod db"] = 1, since
		}
		m.shows("leader_info", info)
		m.shows("leader_since_timestamp_seconds", times)
	}
	m.shows("endpoint_ready", map[string]float64{"prod db": 1, "prod web": 1})
	m.shows("leader_epoch", map[string]float64{"prod db": 7, "prod web": 1})
}

func TestWhatIsToldLateOfAServiceThatIsNotRoutedLeavesNoSeries(t *testing.T) {
	m := newMeter(t)
	m.touch(db)
	m.OptedOut(db, 0)
	m.Election(db, election.OutcomeKept, 1)
	m.Failover(db, contract.ReasonDeleted, 0)
	m.Route(db, m.leader("a"), true, 5)
	m.UnresolvedPorts(db, 1, 1)
	m.EditReverted(db)
	m.NameConflict(db, true)
	if left := m.ofService(db); left != nil {
		t.Errorf("left: %v", left)
	}
	m.Takeover(db) // of a standby, which knows none as opted in
	m.Failover(db, contract.ReasonDeleted, 0)
	m.shows("failovers_total", map[string]float64{"prod Deleted db": 1})
}

func TestWhatIsCounted(t *testing.T) {
	m := newMeter(t)
	m.OptedIn(db, 0)
	m.OptedIn(lab, 0)
	m.Failover(db, contract.ReasonNotReady, -1) // of unknown duration
	m.Failover(db, contract.ReasonNotReady, 0)
	m.Failover(lab, contract.ReasonDeleted, time.Second)
	m.Election(db, election.OutcomeKept, 3)
	m.Election(db, election.OutcomeKept, 2)
	m.UnresolvedPorts(db, 2, 2)
	m.UnresolvedPorts(db, 1, 1)
	m.EditReverted(db)
	m.NameConflict(db, true)
	m.NameConflict(lab, false)
	m.shows("failovers_total", map[string]float64{"prod NotReady db": 2, "lab Deleted db": 1})
	durations := map[string]float64{}
	for _, reason := range contract.Reasons {
		durations[string(reason)] = 0 // there from the start: a series that appears with its first failover hides that one from rate()
	}
	durations["NotReady"], durations["Deleted"] = 1, 1
	m.shows("failover_duration_seconds", durations)
	m.shows("elections_total", map[string]float64{"prod kept db": 2})
	m.shows("candidates", map[string]float64{"prod db": 2})
	m.shows("port_resolution_failures_total", map[string]float64{"prod db": 3})
	m.shows("manual_edits_reverted_total", map[string]float64{"prod db": 1})
	m.shows("name_conflict", map[string]float64{"prod db": 1, "lab db": 0})
}

func TestWritesAreCountedByKindVerbAndCode(t *testing.T) {
	const services, endpointSlices = "/api/v1/namespaces/prod/services", "/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices"
	m := newMeter(t)
	want := map[string]float64{}
	for _, request := range []struct {
		code               int
		method, path, want string // code, kind and verb; empty for a read
	}{
		{201, http.MethodPost, services, "201 Service create"},
		{409, http.MethodPut, services + "/db", "409 Service update"},
		{200, http.MethodPatch, services + "/db", "200 Service patch"},
		{200, http.MethodPut, services + "/db/status", "200 Service update"},
		{201, http.MethodPost, endpointSlices, "201 EndpointSlice create"},
		{404, http.MethodDelete, endpointSlices + "/db-leader-ipv4", "404 EndpointSlice delete"},
		{200, http.MethodDelete, endpointSlices, "200 EndpointSlice deletecollection"},
		{201, http.MethodPost, "/apis/events.k8s.io/v1/namespaces/prod/events", "201 Event create"},
		{200, http.MethodPut, "/apis/coordination.k8s.io/v1/namespaces/prod/leases/x", "200 Lease update"},
		{201, http.MethodPost, "/apis/authentication.k8s.io/v1/tokenreviews", "201 TokenReview create"},
		{201, http.MethodPost, "/apis/authorization.k8s.io/v1/subjectaccessreviews", "201 SubjectAccessReview create"},
		{403, http.MethodPost, "/api/v1/namespaces/prod/secrets", "403 other create"},
		{500, http.MethodPost, "/anything", "500 other post"},
		{200, http.MethodGet, services + "?watch=true", ""},
		{200, http.MethodHead, services + "/db", ""},
	} {
		m.send(request.code, request.method, request.path)
		if request.want != "" {
			want[request.want]++
		}
	}
	m.shows("api_writes_total", want)
	durations := map[string]float64{}
	for key := range want {
		_, kindAndVerb, _ := strings.Cut(key, " ")
		durations[kindAndVerb]++
	}
	durations["Service update"] = 2
	m.shows("api_write_duration_seconds", durations)
}

func TestAWriteWithoutAnswerIsCountedAndItsErrorPassedOn(t *testing.T) {
	m := newMeter(t)
	broken := errors.New("broken")
	transport := m.WrapTransport(promhttp.RoundTripperFunc(func(*http.Request) (*http.Response, error) {
		m.pass(time.Second)
		return nil, broken
	}))
	request := httptest.NewRequest(http.MethodPost, "/api/v1/namespaces/prod/services", nil)
	if _, err := transport.RoundTrip(request); !errors.Is(err, broken) { //nolint:bodyclose // there is no response
		t.Error(err)
	}
	m.shows("api_writes_total", map[string]float64{"error Service create": 1})
	m.shows("api_write_duration_seconds", map[string]float64{"Service create": 1})
}
