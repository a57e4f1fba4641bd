// Package rights lists what the operator may do in the cluster, and what for. config/rbac, the Helm chart's rules and docs/rights.md are generated from it,
// at its start the operator asks whether it has been given all of it, and a test compares it with what the operator really asks for.
package rights
