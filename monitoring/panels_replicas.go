package monitoring

import "fmt"

// certificateAlarm is when the alert ZenLeadCertificateNearExpiry begins, in seconds before the end.
const certificateAlarm = 7 * secondsPerDay

func replicaPanels() []Panel {
	running := fmt.Sprintf("zen_lead_acting{%s}", ofReplica)
	return []Panel{
		{
			ID: 100, Kind: Stat, Title: "Replicas", Width: 5, Height: 4,
			Description: "Replicas of the operator that Prometheus can scrape. With one, the loss of its node stops failovers until another one " +
				"has started.",
			Look:    Look{Unit: Plain, Steps: steps(Bad, Step{1, Attention}, Step{2, Good})},
			Queries: []Query{{Expr: fmt.Sprintf("count(%s)", running)}},
		},
		{
			ID: 101, Kind: Stat, Title: "Installations without an acting replica", Width: 5, Height: 4,
			Description: "Installations of the operator none of whose replicas holds the Lease. Standbys take over single decisions; nothing " +
				"else is done. Every replica counts here, whichever is chosen.",
			Look:    Look{Unit: Plain, Steps: steps(Good, Step{1, Bad})},
			Queries: []Query{{Expr: orZero(fmt.Sprintf(`count(max by (%s) (zen_lead_acting{namespace=~"$namespace"}) == 0)`, installation))}},
		},
		{
			ID: 102, Kind: Stat, Title: "Takeovers within 24 hours", Width: 5, Height: 4,
			Description: "Decisions that a standby made because the acting replica had not made them in time: it was gone, starved or cut off. " +
				"Each was late by the takeover delay.",
			Look:    Look{Unit: Plain, Decimals: new(0), Steps: steps(Good, Step{1, Attention})},
			Queries: []Query{{Expr: fmt.Sprintf("sum(increase(zen_lead_takeovers_total{%s}[%s]))", ofReplica, day)}},
		},
		{
			ID: 103, Kind: Stat, Title: "First certificate to expire", Width: 5, Height: 4,
			Description: "How long the certificate that the metrics are served with is still valid, for the replica where that is shortest. One " +
				"that the operator made for itself it renews 90 days before its end. No data with plain HTTP.",
			Look:    Look{Unit: Age, Steps: steps(Bad, Step{certificateAlarm, Good})},
			Queries: []Query{{Expr: fmt.Sprintf("min(zen_lead_certificate_expiry_timestamp_seconds{%s}) - time()", ofReplica)}},
		},
		{
			ID: 104, Kind: Stat, Title: "Reconcile errors within 24 hours", Width: 4, Height: 4,
			Description: "How often a replica failed to do what a Service needs. It tries again; single errors while the API server restarts are " +
				"no cause for concern.",
			Look: Look{Unit: Plain, Decimals: new(0), Steps: steps(Good, Step{1, Attention})},
			Queries: []Query{{Expr: fmt.Sprintf(`sum(increase(controller_runtime_reconcile_errors_total{controller=~"%s", %s}[%s]))`,
				ownControllers, ofReplica, day)}},
		},
		replicasPanel(running),
		{
			ID: 106, Kind: TimeSeries, Draw: Stairs, Title: "Which replica acts", Width: 8, Height: 7,
			Description: "1 for the replica that holds the Lease and acts first, 0 for a standby.",
			Look:        Look{Unit: Plain, Decimals: new(0)}, Minimum: new(0.0), Maximum: new(1.0),
			Queries: []Query{{Expr: running, Name: "{{pod}}"}},
		},
	}
}

// replicasPanel has a row for each replica.
func replicasPanel(running string) Panel {
	// The build's labels, joined to each column so that the rows can be joined.
	row := func(expr string) string {
		return fmt.Sprintf("max by (namespace, pod, version, commit, goversion) (%s * on (job, instance) group_right () "+
			"zen_lead_build_info{%s})", expr, ofReplica)
	}
	return Panel{
		ID: 105, Kind: Table, Title: "Replicas and their builds", Width: 16, Height: 7,
		Description: "Each replica of the operator, whether it acts first, how long it has been running, and its build. Different versions stand " +
			"side by side only during an update.",
		Look:   Look{Unit: Plain},
		Labels: []Label{{"namespace", "Namespace"}, {"pod", "Replica"}, {"version", "Version"}, {"commit", "Commit"}, {"goversion", "Go"}},
		Queries: []Query{
			{Name: "State", Expr: row(running), Look: Look{Unit: Plain, Texts: []Text{{0, "standby", Neutral}, {1, "acts", Good}}}},
			{Name: "Running for", Expr: row(fmt.Sprintf("(time() - process_start_time_seconds{%s})", ofReplica)), Look: Look{Unit: Age, Decimals: new(1)}},
			{
				Name: "Certificate valid for", Expr: row(fmt.Sprintf("(zen_lead_certificate_expiry_timestamp_seconds{%s} - time())", ofReplica)),
				Look: Look{Unit: Age, Decimals: new(1), Steps: steps(Bad, Step{certificateAlarm, Good})},
			},
		},
	}
}
