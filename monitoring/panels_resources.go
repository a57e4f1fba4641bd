package monitoring

import "fmt"

func resourcePanels() []Panel {
	own := func(series string) string { return operators(fmt.Sprintf("%s{%s}", series, ofReplica)) }
	each := func(expr string) string { return fmt.Sprintf("sum by (pod) (%s)", expr) }
	const replicaName = "{{pod}}"
	return []Panel{
		{
			ID: 150, Kind: TimeSeries, Draw: Lines, Title: "CPU", Width: 8, Height: 8,
			Description: "CPU time that each replica uses, in cores. There is no limit by default: throttling would delay failovers.",
			Look:        Look{Unit: Cores}, Minimum: new(0.0),
			Queries: []Query{{
				Expr: each(operators(fmt.Sprintf("rate(process_cpu_seconds_total{%s}[%s])", ofReplica, interval))), Name: replicaName,
			}},
		},
		{
			ID: 151, Kind: TimeSeries, Draw: Lines, Title: "Memory", Width: 8, Height: 8,
			Description: "Memory that each replica has in use as the kernel sees it, and the part that is Go's heap. It grows with the Pods and " +
				"Services in the watched namespaces.",
			Look: Look{Unit: Bytes}, Minimum: new(0.0),
			Queries: []Query{
				{Expr: each(own("process_resident_memory_bytes")), Name: replicaName},
				{Expr: each(own("go_memstats_heap_inuse_bytes")), Name: replicaName + " heap"},
			},
		},
		{
			ID: 152, Kind: TimeSeries, Draw: Lines, Title: "Goroutines", Width: 8, Height: 8,
			Description: "Goroutines of each replica. Steady growth is a leak.",
			Look:        Look{Unit: Plain, Decimals: new(0)}, Minimum: new(0.0),
			Queries: []Query{{Expr: each(own("go_goroutines")), Name: replicaName}},
		},
	}
}
