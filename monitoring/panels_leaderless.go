package monitoring

import (
	"fmt"

	"github.com/prometheus/common/model"
)

func leaderlessPanels() []Panel {
	selected := "{" + ofService + "}"
	return []Panel{
		{
			ID: 20, Kind: TimeSeries, Draw: Bars, Title: "Time without a ready endpoint", Width: 12, Height: 8,
			Description: "For how long, within each step of the graph, clients of a leader Service had nobody to connect to. Only Services that " +
				"had such a time are shown.",
			Look: Look{Unit: Seconds},
			Queries: []Query{{
				Expr: fmt.Sprintf("sum by (%s) (increase(zen_lead_leaderless_seconds_total%s[%s])) > 0", perService, selected, interval),
				Name: "{{namespace}}/{{service}}",
			}},
		},
		{
			ID: 21, Kind: Table, Title: "Availability over 30 days", Width: 12, Height: 8,
			Description: "The share of the last 30 days in which each leader Service had a ready endpoint, and the time in which it had none. " +
				"Of as much of the 30 days as Prometheus has kept, and as the Service was led. Needs the " +
				"recording rules.",
			Look:   Look{Unit: Ratio},
			Labels: []Label{{"namespace", "Namespace"}, {"service", "Service"}},
			Queries: []Query{
				{Name: "Available", Expr: availability(selected, month), Look: availabilityLook()},
				{
					Name: "Without an endpoint", Look: Look{Unit: Seconds, Decimals: new(1)},
					Expr: fmt.Sprintf("sum_over_time(%s%s[%s])", leaderlessSteps, selected, model.Duration(month)),
				},
			},
		},
		{
			ID: 22, Kind: TimeSeries, Draw: Stairs, Title: "Candidates", Width: 18, Height: 8,
			Description: "Pods that are eligible to lead. With one there is nobody to take over from it; with none the leader Service has no " +
				"ready endpoint.",
			Look:    Look{Unit: Plain, Decimals: new(0), Steps: steps(Bad, Step{1, Attention}, Step{2, Good})},
			Minimum: new(0.0),
			Queries: []Query{{Expr: reported("zen_lead_candidates"), Name: "{{namespace}}/{{service}}"}},
		},
		{
			ID: 23, Kind: Stat, Title: "Services without a spare", Width: 6, Height: 8,
			Description: "Services with fewer than two candidates: if the leader fails, nobody can take over.",
			Look:        Look{Unit: Plain, Steps: steps(Good, Step{1, Attention})},
			Queries:     []Query{{Expr: orZero(fmt.Sprintf("count(%s < 2)", reported("zen_lead_candidates")))}},
		},
	}
}
