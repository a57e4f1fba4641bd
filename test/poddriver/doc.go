// Package poddriver plays scheduler and kubelet for Pods that are API objects only: it binds them to a node, reports them
// Running and Ready with addresses of their own, and ends their deletion. So Deployments roll, and kubectl delete and
// kubectl scale do what they would on a cluster.
//
// It never changes a status that somebody has set by hand. The annotation zen-lead.io/pod-ready on a Pod, "true" or
// "false", sets its readiness.
package poddriver
