package replica

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

const (
	// metricActing is 1 of the replica that acts first, see contract 5.
	metricActing = "zen_lead_acting"
	// pollInterval is short enough not to prolong a round, and long enough not to disturb what is measured.
	pollInterval = 50 * time.Millisecond
	// answerTimeout is for one answer of a process on this machine, which may be frozen.
	answerTimeout = 5 * time.Second
)

// WaitReady waits until the replica says that it is ready.
func (r *Replica) WaitReady(ctx context.Context) error {
	return r.poll(ctx, "is ready", func(ctx context.Context) (bool, error) {
		response, err := get(ctx, "http://"+r.health+"/readyz")
		if err != nil {
			return false, err
		}
		return response.StatusCode == http.StatusOK, response.Body.Close()
	})
}

// WaitActing waits until the replica says that it acts first.
func (r *Replica) WaitActing(ctx context.Context) error {
	return r.poll(ctx, "acts first", r.Acting)
}

// Acting is whether the replica says that it acts first.
func (r *Replica) Acting(ctx context.Context) (bool, error) {
	value, err := r.Metric(ctx, metricActing)
	return value == 1, err
}

// poll looks until something is so. Errors are those of a process that does not serve yet; one that has ended never will.
func (r *Replica) poll(ctx context.Context, what string, condition func(context.Context) (bool, error)) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		met, err := condition(ctx)
		if err == nil && met {
			return nil
		}
		select {
		case <-ticker.C:
		case <-r.ended:
			return fmt.Errorf("waiting until the replica %s: it ended: %w", what, r.exit)
		case <-ctx.Done():
			return fmt.Errorf("waiting until the replica %s: %w (last: %w)", what, ctx.Err(), err)
		}
	}
}

// Metric is the sum of a metric's series that have these labels, each as "key=value"; of histograms and summaries it is how much they
// have observed. A metric without such a series is 0: many have none before something has happened.
func (r *Replica) Metric(ctx context.Context, name string, labels ...string) (float64, error) {
	families, err := r.families(ctx)
	return sum(families[name], labels), err
}

// families are all metrics as they are now, by name.
func (r *Replica) families(ctx context.Context) (map[string]*dto.MetricFamily, error) {
	response, err := get(ctx, "http://"+r.metrics+"/metrics")
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("reading metrics: %s", response.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		return nil, fmt.Errorf("reading metrics: %w", err)
	}
	return families, nil
}

func get(ctx context.Context, url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: answerTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	return client.Do(request)
}

func sum(family *dto.MetricFamily, labels []string) float64 {
	total := 0.0
	for _, metric := range family.GetMetric() {
		if !hasLabels(metric, labels) {
			continue
		}
		total += metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + metric.GetUntyped().GetValue() +
			float64(metric.GetHistogram().GetSampleCount()) + float64(metric.GetSummary().GetSampleCount())
	}
	return total
}

func hasLabels(metric *dto.Metric, labels []string) bool {
	for _, label := range labels {
		key, value, _ := strings.Cut(label, "=")
		if !slices.ContainsFunc(metric.GetLabel(), func(pair *dto.LabelPair) bool {
			return pair.GetName() == key && pair.GetValue() == value
		}) {
			return false
		}
	}
	return true
}
