package monitoring

import "fmt"

// forServices leaves out the kinds that the operator writes for its own sake.
const forServices = `kind!~"Lease|TokenReview|SubjectAccessReview", ` + ofReplica

func costPanels() []Panel {
	const writes = "zen_lead_api_write_duration_seconds"
	return []Panel{
		{
			ID: 140, Kind: TimeSeries, Draw: Lines, Title: "Writes for Services, by kind, verb and code", Width: 12, Height: 9,
			Description: "Requests to the API server that are not reads, by the kind of object, what was done to it and the HTTP status code. " +
				"404 and 409 are races with another writer and are tried again. The operator's upkeep of itself is not shown: its Lease, and " +
				"asking who may read the metrics.",
			Look: Look{Unit: PerSecond}, Minimum: new(0.0),
			Queries: []Query{{
				Expr: rate("zen_lead_api_writes_total", forServices, "kind, verb, code"),
				Name: "{{kind}} {{verb}} {{code}}",
			}},
		},
		{
			ID: 141, Kind: TimeSeries, Draw: Points, Title: "Duration of these writes, 99 %", Width: 12, Height: 9,
			Description: "How long the API server takes for a write, which is most of what a failover takes: 99 % were as fast or faster. " +
				"Estimated from the buckets of a histogram.",
			Look: Look{Unit: Seconds}, Logarithmic: true,
			Queries: []Query{{Expr: quantile(0.99, writes, forServices, interval, "kind", "verb"), Name: "{{kind}} {{verb}}"}},
		},
		{
			ID: 144, Kind: Table, Title: "All writes within 24 hours", Width: 8, Height: 8,
			Description: "Requests to the API server that are not reads within the last 24 hours, with those by which the operator keeps itself " +
				"up: its Lease, and asking who may read the metrics.",
			Look:   Look{Unit: Plain},
			Labels: []Label{{"kind", "Kind"}, {"verb", "Verb"}, {"code", "Code"}},
			Queries: []Query{{
				Expr: happened("zen_lead_api_writes_total", ofReplica, day, "kind, verb, code") + " > 0.5",
				Name: "Requests", Look: Look{Unit: Plain, Decimals: new(0)},
			}},
		},
		{
			ID: 142, Kind: TimeSeries, Draw: Lines, Title: "Requests by method and code", Width: 8, Height: 8,
			Description: "All requests to the API server, reads too. A GET that watches counts once, however long it stays open.",
			Look:        Look{Unit: PerSecond}, Minimum: new(0.0),
			Queries: []Query{{
				Expr: fmt.Sprintf("sum by (method, code) (%s)", operators(fmt.Sprintf("rate(rest_client_requests_total{%s}[%s])", ofReplica, interval))),
				Name: "{{method}} {{code}}",
			}},
		},
		{
			ID: 143, Kind: TimeSeries, Draw: Lines, Title: "EndpointSlices written", Width: 8, Height: 8,
			Description: "Writes of EndpointSlices by Zen-Lead, and for comparison those of the EndpointSlice controller of Kubernetes for all " +
				"Services. The latter needs kube-controller-manager to be scraped.",
			Look: Look{Unit: PerSecond}, Minimum: new(0.0),
			Queries: []Query{
				{Expr: fmt.Sprintf(`sum(rate(zen_lead_api_writes_total{kind="EndpointSlice", code=~"2..", %s}[%s]))`, ofReplica, interval), Name: "Zen-Lead"},
				{Expr: fmt.Sprintf("sum(rate(endpoint_slice_controller_changes{}[%s]))", interval), Name: "EndpointSlice controller"},
			},
		},
	}
}
