// Package bench measures the operator against Kubernetes' own EndpointSlice controller, on a real control plane: how long
// after a leader has failed the leader Service's slice names another Pod, and how long after the same write the built-in
// controller has taken the same Pod out of the slice of the plain Service. It shows that the operator adds nothing to what
// Kubernetes takes anyway, one failover after another and in bursts, with few Services and with thousands; and what the
// operator costs: its start, memory, CPU time and API calls.
//
// Both are seen by one watch on one connection, and both times begin just before the one write that made the leader fail.
// The operator runs as it ships: its binary, one replica with leader election, the rights of config/rbac and no other. The
// built-in controller runs in kube-controller-manager with a far higher rate limit than it has by default.
//
// There are no kubelets: Pods are API objects, and their status is written here. The Services are spread over namespaces of
// a hundred each, every Service with two Pods on two nodes.
package bench
