package metrics_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/metrics"
)

// BenchmarkScrapeOf1000Services has the metrics written out for Prometheus, compressed as it asks for, when each of 1,000 Services
// has been led by two Pods. It reports what that is in bytes, and what the metrics take of the heap.
func BenchmarkScrapeOf1000Services(b *testing.B) {
	const services = 1000
	before := heap()
	registry := prometheus.NewRegistry()
	m := metrics.New(time.Now)
	if err := m.Register(registry); err != nil {
		b.Fatal(err)
	}
	for i := range services {
		service := types.NamespacedName{Namespace: fmt.Sprintf("namespace-%d", i/50), Name: fmt.Sprintf("application-%d", i)}
		m.OptedIn(service, 0)
		for _, reason := range []contract.Reason{contract.ReasonElected, contract.ReasonNotReady} {
			m.Election(service, election.OutcomeChanged, 2)
			m.Election(service, election.OutcomeKept, 2)
			m.Failover(service, reason, time.Millisecond)
			m.Route(service, &metrics.Leader{Pod: service.Name + "-7c9d8b6f5-x2x4z", Node: "worker-1.example.org", Since: time.Now()}, true, 2)
		}
		m.NameConflict(service, false)
		m.UnresolvedPorts(service, 0, 0)
	}
	taken := heap() - before
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	request := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/metrics", nil)
	plain := httptest.NewRecorder()
	handler.ServeHTTP(plain, request)
	request.Header.Set("Accept-Encoding", "gzip")
	var compressed int
	for b.Loop() {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		compressed = answer.Body.Len()
	}
	b.ReportMetric(float64(plain.Body.Len()), "bytes-plain")
	b.ReportMetric(float64(compressed), "bytes-gzip")
	b.ReportMetric(float64(taken), "bytes-of-heap")
}

func heap() int64 {
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return int64(memory.HeapAlloc)
}
