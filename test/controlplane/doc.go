// Package controlplane runs a real Kubernetes control plane on this machine for development, the demo and tests: etcd,
// kube-apiserver and kube-controller-manager, built from Go modules (binaries/go.mod pins the versions).
//
// There are no kubelets: Pods are API objects. Package poddriver gives them a status.
package controlplane
