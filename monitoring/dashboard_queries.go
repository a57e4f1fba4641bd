package monitoring

import (
	"fmt"
	"strings"
)

const (
	// ofService selects the series of the chosen Services.
	ofService = `namespace=~"$namespace", service=~"$service"`
	// ofReplica selects the series of the chosen replicas of the operator.
	ofReplica = `namespace=~"$namespace", pod=~"$pod"`
	// perService keeps the labels that name a Service.
	perService = "namespace, service"
	// interval is as long as a graph's step, but long enough for a rate.
	interval = "$__rate_interval"
	// forgotten is how long a series must have been away to count as new when it is back: longer than a Prometheus restarts.
	forgotten = "1h"
)

// reported is a gauge of each Service. It is one replica that reports it; while two change places it may be both.
func reported(gauge string) string {
	return fmt.Sprintf("max by (%s) (%s{%s})", perService, gauge, ofService)
}

// happened counts what happened within a window, by labels. A counter of a Service begins with the first thing that it counts, which
// increase() alone would miss: to a series that is new in the window it adds the value that it began with.
func happened(counter, selector, window, by string) string {
	series := fmt.Sprintf("%s{%s}", counter, selector)
	return fmt.Sprintf("sum by (%[1]s) (label_replace(min_over_time(%[2]s[%[4]s]) unless last_over_time(%[2]s[%[3]s] offset %[4]s),"+
		` "part", "first", "", "") or increase(%[2]s[%[4]s]))`, by, series, forgotten, window)
}

// rate is how often per second something happens, by labels.
func rate(counter, selector, by string) string {
	return fmt.Sprintf("sum by (%s) (rate(%s{%s}[%s]))", by, counter, selector, interval)
}

// quantile is what that share of a histogram's observations within a window did not exceed, by labels (none: over all). Where
// there were none there is no result, rather than one that is no number.
func quantile(share float64, histogram, selector, window string, by ...string) string {
	labels := strings.Join(append([]string{"le"}, by...), ", ")
	return fmt.Sprintf("histogram_quantile(%g, sum by (%s) (increase(%s_bucket{%s}[%s]))) >= 0", share, labels, histogram, selector, window)
}

// acting keeps the series of the replica that acts first: a standby's work queue fills, but is not emptied until it acts.
func acting(expr string) string {
	return expr + " and on (job, instance) zen_lead_acting == 1"
}

// operators keeps the series of processes that are the operator, of metrics that other programs have too.
func operators(expr string) string {
	return expr + " and on (job, instance) zen_lead_acting"
}

// orZero is zero where there is nothing.
func orZero(expr string) string { return expr + " or vector(0)" }
