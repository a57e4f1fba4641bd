package monitoring

import (
	"fmt"
	"time"
)

// month is the window of availability.
const month = 30 * 24 * time.Hour

// availabilityLook is that of a share of time. Where its colours change is a matter of taste: nobody has promised a number.
func availabilityLook() Look {
	return Look{Unit: Ratio, Decimals: new(3), Steps: steps(Bad, Step{0.99, Attention}, Step{0.999, Good})}
}

func nowPanels() []Panel {
	up := reported("zen_lead_endpoint_ready")
	worst := func(problem Color) []Step { return steps(Good, Step{1, problem}) }
	return []Panel{
		{
			ID: 1, Kind: Stat, Title: "Leader Services up", Width: 4, Height: 4,
			Description: "Leader Services that have a ready endpoint.",
			Look:        Look{Unit: Plain, Steps: steps(Bad, Step{1, Good})},
			Queries:     []Query{{Expr: fmt.Sprintf("sum(%s)", up)}},
		},
		{
			ID: 2, Kind: Stat, Title: "Leader Services down", Width: 4, Height: 4,
			Description: "Leader Services without a ready endpoint: clients that connect to them fail. The table below names them.",
			Look:        Look{Unit: Plain, Steps: worst(Bad)},
			Queries:     []Query{{Expr: fmt.Sprintf("count(%[1]s) - sum(%[1]s)", up)}},
		},
		{
			ID: 3, Kind: Stat, Title: "Services opted in", Width: 4, Height: 4,
			Description: "Services with the annotation zen-lead.io/enabled. More than are up and down: some cannot have a leader Service; see " +
				"what is in the way.",
			Look:    Look{Unit: Plain, Steps: steps(Neutral)},
			Queries: []Query{{Expr: `sum(max by (namespace) (zen_lead_services{namespace=~"$namespace"}))`}},
		},
		{
			ID: 4, Kind: Stat, Title: "Alerts firing", Width: 4, Height: 4,
			Description: "Alerts about Zen-Lead and its Services that fire now, whatever namespace and Service are chosen. They are listed at " +
				"the end.",
			Look:    Look{Unit: Plain, Steps: worst(Bad)},
			Queries: []Query{{Expr: orZero(fmt.Sprintf("count(%s)", firingAlerts))}},
		},
		{
			ID: 5, Kind: Gauge, Title: "Worst availability, 30 days", Width: 4, Height: 4,
			Description: "Of the chosen Services, the one that had a ready endpoint for the smallest share of the last 30 days. Time before a " +
				"Service was led counts as good. The scale begins at 99 %. Needs the recording rules.",
			Look: availabilityLook(), Minimum: new(0.99), Maximum: new(1.0),
			Queries: []Query{{Expr: fmt.Sprintf("min(%s)", availability("{"+ofService+"}", month))}},
		},
		{
			ID: 6, Kind: Gauge, Title: "Average availability, 30 days", Width: 4, Height: 4,
			Description: "The share of the last 30 days in which the chosen Services had a ready endpoint, on average over the Services. The " +
				"scale begins at 99 %. Needs the recording rules.",
			Look: availabilityLook(), Minimum: new(0.99), Maximum: new(1.0),
			Queries: []Query{{Expr: fmt.Sprintf("avg(%s)", availability("{"+ofService+"}", month))}},
		},
		leadersPanel(),
	}
}

// leadersPanel shows all Services, those that nobody leads too.
func leadersPanel() Panel {
	leaders := fmt.Sprintf("max by (%s, pod, node) (zen_lead_leader_info{%s})", perService, ofService)
	nobody := fmt.Sprintf(`label_replace(%s, "pod", "nobody", "", "")`, reported("zen_lead_endpoint_ready"))
	of := func(rows, gauge string) string {
		return fmt.Sprintf("%s * on (%s) group_left () %s", rows, perService, reported(gauge))
	}
	return Panel{
		ID: 7, Kind: Table, Title: "Who leads where", Width: 24, Height: 9,
		Description: "The Pod that each leader Service routes to, its node, and since when. Down: there is no ready endpoint, because nobody " +
			"leads or because the leader is being drained. The epoch counts changes of leader.",
		Look:   Look{Unit: Plain},
		Labels: []Label{{"namespace", "Namespace"}, {"service", "Service"}, {"pod", "Leading Pod"}, {"node", "Node"}},
		Queries: []Query{
			{
				Name: "State", Expr: of(fmt.Sprintf("(%s or on (%s) %s)", leaders, perService, nobody), "zen_lead_endpoint_ready"),
				Look: Look{Unit: Plain, Texts: []Text{{0, "down", Bad}, {1, "up", Good}}},
			},
			{Name: "Since", Expr: of(leaders, "zen_lead_leader_since_timestamp_seconds") + " * 1000", Look: Look{Unit: Date}},
			{
				Name: "Leads for", Look: Look{Unit: Age, Decimals: new(1)},
				Expr: fmt.Sprintf("time() - (%s)", of(leaders, "zen_lead_leader_since_timestamp_seconds")),
			},
			{Name: "Epoch", Expr: of(leaders, "zen_lead_leader_epoch"), Look: Look{Unit: Plain, Decimals: new(0)}},
		},
	}
}
