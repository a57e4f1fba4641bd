package monitoring

import "fmt"

// slowSteps colour the duration of a failover: orange is what makes it count as slow to the alert ZenLeadFailoverSlow.
func slowSteps() []Step { return steps(Good, Step{0.25, Attention}, Step{1, Bad}) }

const (
	durations = "zen_lead_failover_duration_seconds"
	day       = "24h"
)

func changePanels() []Panel {
	return []Panel{
		{
			ID: 10, Kind: TimeSeries, Draw: Bars, Title: "Changes of leader by reason", Width: 12, Height: 8,
			Description: "Changes of leader within each step of the graph. Elected: there was no leader before, or the last one came back. " +
				"Preferred, LeaseMoved and Reordered are planned; the other reasons say what became of the former leader.",
			Look:    Look{Unit: Plain, Decimals: new(0)},
			Queries: []Query{{Expr: happened("zen_lead_failovers_total", ofService, interval, "reason"), Name: "{{reason}}"}},
		},
		{
			ID: 11, Kind: TimeSeries, Draw: Points, Title: "Slowest change of leader by reason", Width: 12, Height: 8,
			Description: "From the arrival of the change that cost the leader its place until the EndpointSlice was written: the upper bound of " +
				"the slowest one's bucket, for each step of the graph in which there was one. The highest bucket ends at 10 s. Of all Services " +
				"of the operator, whatever namespace and Service are chosen.",
			Look: Look{Unit: Seconds, Steps: slowSteps()}, Logarithmic: true,
			Queries: []Query{{Expr: quantile(1, durations, "", interval, "reason"), Name: "{{reason}}"}},
		},
		{
			ID: 12, Kind: Table, Title: "Changes of leader within 24 hours", Width: 12, Height: 8,
			Description: "How often the leader of each Service has changed within the last 24 hours, and why. Empty: it has not.",
			Look:        Look{Unit: Plain},
			Labels:      []Label{{"namespace", "Namespace"}, {"service", "Service"}, {"reason", "Reason"}},
			Queries: []Query{{
				Expr: happened("zen_lead_failovers_total", ofService, day, perService+", reason") + " > 0.5", // increase() extrapolates: 0.3 is none
				Name: "Changes", Look: Look{Unit: Plain, Decimals: new(0)},
			}},
		},
		{
			ID: 13, Kind: Table, Title: "How long they took within 24 hours", Width: 12, Height: 8,
			Description: "From the arrival of the change that cost the leader its place until the EndpointSlice was written, within the last 24 " +
				"hours, by reason: half of the changes were as fast as the median or faster, and the slowest was at most as slow as shown. " +
				"Estimated from the buckets of a histogram. Of all Services of the operator, whatever namespace and Service are chosen.",
			Look:   Look{Unit: Seconds},
			Labels: []Label{{"reason", "Reason"}},
			Queries: []Query{
				{Name: "Changes", Expr: fmt.Sprintf("sum by (reason) (increase(%s_count[%s])) > "+
					"0.5", durations, day), Look: Look{Unit: Plain, Decimals: new(0)}},
				{Name: "Median", Expr: quantile(0.5, durations, "", day, "reason"), Look: Look{Unit: Seconds, Steps: slowSteps()}},
				{Name: "99 %", Expr: quantile(0.99, durations, "", day, "reason"), Look: Look{Unit: Seconds, Steps: slowSteps()}},
				{Name: "Slowest", Expr: quantile(1, durations, "", day, "reason"), Look: Look{Unit: Seconds, Steps: slowSteps()}},
			},
		},
	}
}
