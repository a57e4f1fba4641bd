package monitoring

import (
	"fmt"
	"time"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus/common/model"
)

const (
	// slowFailover is the upper bound, in seconds, of a failover that is not slow: a bucket's. Prometheus 3 writes it "1.0".
	slowFailover = `le=~"1|1\\.0"`
	// slowObjective is the share of failovers that may be slow.
	slowObjective = 0.01
	// fewestFailovers is what a window's failovers are counted as at least: where there are few, one slow one must not look
	// like a disaster.
	fewestFailovers = 20
)

// burnWindows are the windows over which the share of slow failovers is recorded.
var burnWindows = []time.Duration{5 * time.Minute, 30 * time.Minute, time.Hour, 6 * time.Hour}

// leaderlessStep is in which steps the time without a ready endpoint is recorded: a month of it can then be summed up cheaply.
const leaderlessStep = 5 * time.Minute

// recordingRules are what alerts and dashboards share.
func recordingRules(pace Pace) []monitoringv1.Rule {
	rules := make([]monitoringv1.Rule, 0, 1+len(burnWindows))
	rules = append(rules,
		recorded("namespace_service:zen_lead_endpoint_ready:max", "max by (namespace, service) (zen_lead_endpoint_ready)"))
	for _, window := range burnWindows {
		rules = append(rules, recorded(slowRatio(window), fmt.Sprintf("(%[1]s - %[2]s) / clamp_min(%[1]s, %[3]d)",
			failoversOf(pace, window, "count", ""), failoversOf(pace, window, "bucket", ", "+slowFailover), fewestFailovers)))
	}
	return rules
}

// failoversOf counts an installation's failovers in a window. The election of the first leader is none: no client waits.
func failoversOf(pace Pace, window time.Duration, part, more string) string {
	return fmt.Sprintf(`sum by (%s) (increase(zen_lead_failover_duration_seconds_%s{reason!="Elected"%s}[%s]))`,
		installation, part, more, pace.of(window))
}

// slowRatio is the name that the share of slow failovers in a window is recorded under.
func slowRatio(window time.Duration) string {
	return "namespace_job:zen_lead_failover_slow:ratio_increase" + model.Duration(window).String()
}

// availabilityRules are evaluated once in a step, so that the values of a range add up.
func availabilityRules(pace Pace) monitoringv1.RuleGroup {
	step := pace.of(leaderlessStep)
	return monitoringv1.RuleGroup{
		Name: "zen-lead.availability", Interval: (*monitoringv1.Duration)(&step),
		Rules: []monitoringv1.Rule{recorded(leaderlessSteps, fmt.Sprintf(
			"sum by (namespace, service) (increase(zen_lead_leaderless_seconds_total[%s]))", step))},
	}
}

const leaderlessSteps = "namespace_service:zen_lead_leaderless_seconds:increase5m"

// availability is the share of a window in which the leader Services with these labels had a ready endpoint, each for itself: of as
// much of the window as there are records of.
func availability(selector string, window time.Duration) string {
	return fmt.Sprintf("clamp_min(1 - avg_over_time(%s%s[%s]) / %d, 0)", leaderlessSteps, selector, model.Duration(window), int(leaderlessStep.Seconds()))
}
