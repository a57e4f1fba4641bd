package binaries

import (
	"slices"
	"strings"
)

// The versions of everything that runs in the tests' clusters. The go.mod files beside pin the same ones, with all that they
// depend on; a test compares them.
const (
	// KubernetesVersion is that of kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy and kubectl.
	KubernetesVersion = "v1.37.2"
	// EtcdVersion is that of etcd.
	EtcdVersion = "v3.7.3"
	// ContainerdVersion is that of containerd, its shim and ctr.
	ContainerdVersion = "v2.4.2"
	// CNIVersion is that of the CNI plugins ptp, host-local, loopback and portmap.
	CNIVersion = "v1.9.1"
	// CoreDNSVersion is that of CoreDNS.
	CoreDNSVersion = "v1.15.0"
	// PrometheusOperatorVersion is that of prometheus-operator and its configuration reloader.
	PrometheusOperatorVersion = "v0.85.0"
	// PrometheusVersion is the Go module's of Prometheus 3.16.0.
	PrometheusVersion = "v0.316.0"
	// OLMVersion is that of OLM's operators `olm` and `catalog`.
	OLMVersion = "v0.42.0"
	// OPMVersion is that of opm, which serves catalogs.
	OPMVersion = "v1.65.0"
)

// OlderKubernetesVersions are those that the API-server suite runs against beside KubernetesVersion, from the oldest one that is supported on:
// of each minor the newest patch that the Go module proxy has with all that it needs.
var OlderKubernetesVersions = []string{"v1.24.17", "v1.28.15", "v1.31.13", "v1.34.12"}

// KubernetesVersions are all that the API-server suite runs against, the oldest first.
func KubernetesVersions() []string {
	return append(slices.Clone(OlderKubernetesVersions), KubernetesVersion)
}

// Minor is the minor version of a version: 1.24 of v1.24.17.
func Minor(version string) string {
	return strings.Join(strings.Split(strings.TrimPrefix(version, "v"), ".")[:2], ".")
}

// DebianPackages are what nodes need from the distribution, in the version that it has: runc's own Go module builds without
// seccomp, and the others are no Go programs.
var DebianPackages = []Package{
	{Name: "runc", Program: "runc"},
	{Name: "nftables", Program: "nft"},
	{Name: "iproute2", Program: "ip"},
	{Name: "iptables", Program: "iptables"},
	{Name: "conntrack", Program: "conntrack"},
}

// Package is a package of the distribution and a program that it brings.
type Package struct {
	Name, Program string
}
