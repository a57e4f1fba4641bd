package monitoring

import "fmt"

// besidePanels compare with what Kubernetes does for every Service. The built-in controller has no metric of how long it takes
// from a Pod's change to the EndpointSlice: its work queue is what can be compared, and kube-proxy measures what comes of both.
func besidePanels() []Panel {
	// The buckets of work queues are ten times as wide each as the one before, so quantiles would be guesses; averages are exact.
	done := func(restriction func(string) string, selector string) string {
		part := func(series string) string {
			return fmt.Sprintf("sum(%s)", restriction(fmt.Sprintf("rate(workqueue_%s{%s}[%s])", series, selector, interval)))
		}
		return fmt.Sprintf("(%s + %s) / %s", part("queue_duration_seconds_sum"), part("work_duration_seconds_sum"), part("work_duration_seconds_count"))
	}
	anybody := func(expr string) string { return expr }
	const programming = "kubeproxy_network_programming_duration_seconds"
	return []Panel{
		{
			ID: 120, Kind: TimeSeries, Draw: Lines, Title: "From queued to done, on average", Width: 12, Height: 8,
			Description: "How long a Service takes from when a change puts it into the work queue until it is done, all writes to the API server " +
				"included: Zen-Lead's acting replica and the EndpointSlice controller of Kubernetes. The latter needs kube-controller-manager to " +
				"be scraped.",
			Look: Look{Unit: Seconds}, Minimum: new(0.0),
			Queries: []Query{
				{Expr: done(acting, ownQueue+", "+ofReplica), Name: "Zen-Lead"},
				{Expr: done(anybody, `name="endpoint_slice"`), Name: "EndpointSlice controller"},
			},
		},
		{
			ID: 121, Kind: TimeSeries, Draw: Lines, Title: "From a Pod's change to the nodes' rules", Width: 12, Height: 8,
			Description: "From the change of a Pod or Service until kube-proxy has programmed it on a node, over all Services: kube-proxy does " +
				"not tell leader Services from others. Times of a Pod's change are kept to the second, and clocks of two machines are compared, " +
				"so that short times are not exact. Needs kube-proxy to be scraped; clusters with another data plane have no such metric.",
			Look: Look{Unit: Seconds}, Minimum: new(0.0),
			Queries: []Query{
				{Expr: quantile(0.5, programming, "", interval), Name: "median"},
				{Expr: quantile(0.99, programming, "", interval), Name: "99 %"},
			},
		},
	}
}
