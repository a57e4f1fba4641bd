package monitoring

import "fmt"

const (
	// ownQueue selects the work queue of the replica that acts first.
	ownQueue = `name="zen-lead"`
	// ownControllers are the controllers of the operator: that of the acting replica and that of a standby.
	ownControllers = "zen-lead(-takeover)?"
)

func workPanels() []Panel {
	selector := ownQueue + ", " + ofReplica
	depth := fmt.Sprintf("workqueue_depth{%s}", selector)
	longest := fmt.Sprintf("workqueue_longest_running_processor_seconds{%s}", selector)
	each := func(counter string) string { return fmt.Sprintf("rate(%s{%s}[%s])", counter, selector, interval) }
	mean := func(histogram string) string {
		return fmt.Sprintf("sum(%s) / sum(%s)", acting(each(histogram+"_sum")), acting(each(histogram+"_count")))
	}
	return []Panel{
		{
			ID: 130, Kind: TimeSeries, Draw: Lines, Title: "Services waiting for the acting replica", Width: 8, Height: 8,
			Description: "The depth of the work queue. Failing leaders go first. More than 10 for ten minutes is what the alert " +
				"ZenLeadWorkQueueSaturated is for. A standby's queue is not shown: it is not emptied until the standby acts.",
			Look: Look{Unit: Plain, Decimals: new(0), Steps: steps(Good, Step{10, Attention})}, Minimum: new(0.0),
			Queries: []Query{{Expr: fmt.Sprintf("sum by (pod) (%s)", acting(depth)), Name: "{{pod}}"}},
		},
		{
			ID: 131, Kind: TimeSeries, Draw: Lines, Title: "Time in the work queue and at work", Width: 8, Height: 8,
			Description: "How long a Service waits for the acting replica and how long the work then takes, on average, and for how long the " +
				"longest piece of work that is not done yet has been going on.",
			Look: Look{Unit: Seconds}, Minimum: new(0.0),
			Queries: []Query{
				{Expr: mean("workqueue_queue_duration_seconds"), Name: "waiting"},
				{Expr: mean("workqueue_work_duration_seconds"), Name: "working"},
				{Expr: fmt.Sprintf("max(%s)", acting(longest)), Name: "longest still working"},
			},
		},
		{
			ID: 132, Kind: TimeSeries, Draw: Lines, Title: "Reconciliations by result", Width: 8, Height: 8,
			Description: "How often a replica looked at a Service, by its controller and what came of it: zen-lead is the acting replica's, " +
				"zen-lead-takeover the standbys'. Requeue_after is a look at a later time, when something is due.",
			Look: Look{Unit: PerSecond}, Minimum: new(0.0),
			Queries: []Query{{
				Expr: rate("controller_runtime_reconcile_total", fmt.Sprintf(`controller=~"%s", %s`, ownControllers, ofReplica), "controller, result") + " > 0",
				Name: "{{controller}} {{result}}",
			}},
		},
		{
			ID: 133, Kind: TimeSeries, Draw: Lines, Title: "Queued and put back", Width: 12, Height: 8,
			Description: "How often changes put a Service into the acting replica's work queue, and how often it was put back for later, after " +
				"an error or until something is due.",
			Look: Look{Unit: PerSecond}, Minimum: new(0.0),
			Queries: []Query{
				{Expr: fmt.Sprintf("sum(%s)", acting(each("workqueue_adds_total"))), Name: "queued"},
				{Expr: fmt.Sprintf("sum(%s)", acting(each("workqueue_retries_total"))), Name: "put back"},
			},
		},
		{
			ID: 134, Kind: TimeSeries, Draw: Bars, Title: "Reconcile errors", Width: 12, Height: 8,
			Description: "How often a replica failed to do what a Service needs, within each step of the graph. More than 3 within five minutes, " +
				"for ten minutes, is what the alert ZenLeadReconcileErrors is for.",
			Look: Look{Unit: Plain, Decimals: new(0)}, Minimum: new(0.0),
			Queries: []Query{{
				Expr: fmt.Sprintf(`sum by (pod) (increase(controller_runtime_reconcile_errors_total{controller=~"%s", %s}[%s]))`,
					ownControllers, ofReplica, interval),
				Name: "{{pod}}",
			}},
		},
	}
}
