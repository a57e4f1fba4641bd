// Package e2e holds the suite that runs the operator as it ships on a real cluster, any cluster: its image, two replicas, the
// manifests of config/cluster-wide with their rights and restricted Pod security. Real Pods answer real clients. It proves
// what a user sees: whom a leader Service reaches, when that changes, and what the operator may do.
//
//	KUBECONFIG        the cluster. The suite installs the operator, and removes it together with all that it made.
//	KUBECTL           kubectl's path (default: kubectl)
//	IMAGE             the operator's image (default: zen-lead:dev); the cluster's nodes have it or can pull it
//	APP_IMAGE         the image of test/traffic/app (default: traffic:dev)
//	ZEN_LEAD_CLUSTER  the command of test/cluster, where that is the cluster: its API server is then stopped, and nodes lose
//	                  their power
//
// Pods are reached through the API server's proxy, because that works from outside any cluster.
package e2e
