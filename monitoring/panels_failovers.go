package monitoring

import (
	"fmt"
	"time"
)

func failoverPanels() []Panel {
	// As in the recording rules: for the election of the first leader no client waits.
	failovers := `reason!="Elected", ` + ofReplica
	const window = "1h"
	return []Panel{
		{
			ID: 110, Kind: TimeSeries, Draw: Lines, Title: "Failover duration, past hour", Width: 8, Height: 8,
			Description: "From the arrival of the change that cost the leader its place until the EndpointSlice was written, over the hour " +
				"before each point. Estimated from the buckets of a histogram. No data where there was no failover within an hour.",
			Look: Look{Unit: Seconds, Steps: slowSteps()}, Logarithmic: true,
			Queries: []Query{
				{Expr: quantile(0.5, durations, failovers, window), Name: "median"},
				{Expr: quantile(0.99, durations, failovers, window), Name: "99 %"},
				{Expr: quantile(1, durations, failovers, window), Name: "slowest (bucket's upper bound)"},
			},
		},
		{
			ID: 111, Kind: TimeSeries, Draw: Lines, Title: "Share of slow failovers", Width: 8, Height: 8,
			Description: "Failovers that took more than a second, of all failovers within the window, or of 20 where there were fewer. 1 % may " +
				"be slow (the line). The alert ZenLeadFailoverSlow fires where the share is used up too fast. Needs the recording rules.",
			Look: Look{Unit: Ratio, Steps: steps(Good, Step{slowObjective, Bad})}, Minimum: new(0.0),
			Queries: []Query{
				{Expr: fmt.Sprintf(`max(%s{namespace=~"$namespace"})`, slowRatio(time.Hour)), Name: "past hour"},
				{Expr: fmt.Sprintf(`max(%s{namespace=~"$namespace"})`, slowRatio(6*time.Hour)), Name: "past 6 hours"},
			},
		},
		{
			ID: 112, Kind: TimeSeries, Draw: Bars, Title: "Takeovers", Width: 8, Height: 8,
			Description: "Decisions that a standby made because the acting replica had not made them in time, within each step of the graph.",
			Look:        Look{Unit: Plain, Decimals: new(0)}, Minimum: new(0.0),
			Queries: []Query{{Expr: fmt.Sprintf("sum by (pod) (increase(zen_lead_takeovers_total{%s}[%s]))", ofReplica, interval), Name: "{{pod}}"}},
		},
	}
}
