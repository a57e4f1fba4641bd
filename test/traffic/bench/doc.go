// Package bench makes the leader of an application fail in every way that matters, on a real cluster, and measures what
// clients see of it: through the leader Service, and at the same time, with the same kind of requests, through the plain Service
// and through a Service that selects a label which the application patches onto its leader.
//
// The application elects the bearer of that label through a Lease of its own, with client-go's default timings, as Vault and
// Patroni do with their means. Before each round both leaders are made the same Pod, so that one fault strikes both.
package bench
