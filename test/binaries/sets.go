package binaries

import (
	"context"
	"fmt"
	"strings"
)

// Set is programs that are built together, from one Go module beside this file.
type Set struct {
	// Name is the set's, and the beginning of its directory's name in the cache.
	Name string
	// Title is what people are told is being built.
	Title string
	// Duration is how long that takes on two cores with empty caches.
	Duration string

	folder   string // of the module that pins the programs as tools
	module   string // the Go module whose version the programs have
	version  string
	tags     string
	stamp    string // the variable that the linker sets to the version, if any
	programs []program
}

// program is one program and the Go package that it is built from.
type program struct {
	name, pkg string
}

// The sets.
var (
	// ControlPlane is etcd and what needs no node.
	ControlPlane = Set{
		Name: "controlplane", Title: "the control plane (Kubernetes " + KubernetesVersion + " and etcd " + EtcdVersion + ")",
		Duration: "about 7 minutes", folder: "kubernetes", module: kubernetesModule, version: KubernetesVersion,
		programs: append([]program{{"etcd", "go.etcd.io/etcd/server/v3"}},
			inside(kubernetesModule+"/cmd", "kube-apiserver", "kube-controller-manager", "kubectl")...),
	}
	// Node is what runs on a Kubernetes node, and the scheduler that needs nodes.
	Node = Set{
		Name: "node", Title: "kubelet, kube-proxy and kube-scheduler " + KubernetesVersion,
		Duration: "some minutes", folder: "kubernetes", module: kubernetesModule, version: KubernetesVersion,
		programs: inside(kubernetesModule+"/cmd", "kubelet", "kube-proxy", "kube-scheduler"),
	}
	// Containerd is the container runtime, without the snapshotters that need C libraries.
	Containerd = Set{
		Name: "containerd", Title: "containerd " + ContainerdVersion,
		Duration: "some minutes", folder: "containerd", module: "github.com/containerd/containerd/v2", version: ContainerdVersion,
		tags: "no_btrfs no_zfs no_devmapper", stamp: "github.com/containerd/containerd/v2/version.Version",
		programs: inside("github.com/containerd/containerd/v2/cmd", "containerd", "containerd-shim-runc-v2", "ctr"),
	}
	// CNI is the plugins that connect Pods to their node's network.
	CNI = Set{
		Name: "cni", Title: "the CNI plugins " + CNIVersion,
		Duration: "a few seconds", folder: "cni", module: "github.com/containernetworking/plugins", version: CNIVersion,
		programs: inside("github.com/containernetworking/plugins/plugins", "main/ptp", "main/loopback", "ipam/host-local", "meta/portmap"),
	}
	// CoreDNS is the cluster's name server.
	CoreDNS = Set{
		Name: "coredns", Title: "CoreDNS " + CoreDNSVersion,
		Duration: "some minutes", folder: "coredns", module: "github.com/coredns/coredns", version: CoreDNSVersion,
		programs: []program{{"coredns", "github.com/coredns/coredns"}},
	}
	// PrometheusOperator is prometheus-operator and what it puts beside Prometheus.
	PrometheusOperator = Set{
		Name: "prometheus-operator", Title: "prometheus-operator " + PrometheusOperatorVersion,
		Duration: "about 2 minutes", folder: "prometheusoperator", module: prometheusOperatorModule, version: PrometheusOperatorVersion,
		programs: []program{
			{"prometheus-operator", prometheusOperatorModule + "/cmd/operator"},
			{"prometheus-config-reloader", prometheusOperatorModule + "/cmd/prometheus-config-reloader"},
		},
	}
)

// OlderControlPlane is what needs no node of an older version of Kubernetes; etcd is that of ControlPlane.
func OlderControlPlane(version string) Set {
	minor := Minor(version)
	return Set{
		Name: "controlplane-" + minor, Title: "the control plane of Kubernetes " + version,
		Duration: "about 5 minutes", folder: "kubernetes-" + minor, module: kubernetesModule, version: version,
		tags:     "providerless", // without the clouds that were built in once
		programs: inside(kubernetesModule+"/cmd", "kube-apiserver", "kube-controller-manager", "kubectl"),
	}
}

// Prometheus is Prometheus and promtool. Debian's is built without service discovery in Kubernetes; this one is built with that alone.
var Prometheus = Set{
	Name: "prometheus", Title: "Prometheus " + PrometheusVersion,
	Duration: "about 4 minutes", folder: "prometheus", module: "github.com/prometheus/prometheus", version: PrometheusVersion,
	tags: "remove_all_sd enable_kubernetes_sd", stamp: "github.com/prometheus/common/version.Version",
	programs: inside("github.com/prometheus/prometheus/cmd", "prometheus", "promtool"),
}

// OLM is OLM's two operators, what they run in a bundle's image to copy it, and opm with which catalogs are made, checked and served. Its
// version is stamped on none: nothing reads it.
var OLM = Set{
	Name: "olm", Title: "OLM " + OLMVersion + " and opm " + OPMVersion,
	Duration: "about 5 minutes", folder: "olm", module: olmModule, version: OLMVersion,
	tags:     "containers_image_openpgp exclude_graphdriver_btrfs",
	programs: append(inside(olmModule, "cmd/olm", "cmd/catalog", "util/cpb"), program{"opm", opmModule + "/cmd/opm"}),
}

const (
	olmModule = "github.com/operator-framework/operator-lifecycle-manager"
	opmModule = "github.com/operator-framework/operator-registry"
)

const kubernetesModule = "k8s.io/kubernetes"

const prometheusOperatorModule = "github.com/prometheus-operator/prometheus-operator"

// Source fetches the set's module and returns its directory, for what it has beside programs.
func (s Set) Source(ctx context.Context) (string, error) {
	if _, err := output(ctx, s.directory(), "go", "mod", "download", s.module); err != nil {
		return "", err
	}
	return output(ctx, s.directory(), "go", "list", "-m", "-f", "{{.Dir}}", s.module)
}

// inside lists programs that are named as the last folder of their packages.
func inside(parent string, packages ...string) []program {
	programs := make([]program, 0, len(packages))
	for _, pkg := range packages {
		programs = append(programs, program{pkg[strings.LastIndex(pkg, "/")+1:], parent + "/" + pkg})
	}
	return programs
}

// linkerFlags leave out debugging tables and stamp the version; clients parse that of Kubernetes.
func (s Set) linkerFlags() string {
	flags := "-s -w"
	if s.stamp != "" {
		flags += fmt.Sprintf(" -X %s=%s", s.stamp, s.version)
	}
	if s.module == kubernetesModule {
		parts := strings.Split(Minor(s.version), ".")
		for _, pkg := range s.versionPackages() {
			flags += fmt.Sprintf(" -X %s.gitVersion=%s -X %s.gitMajor=%s -X %s.gitMinor=%s", pkg, s.version, pkg, parts[0], pkg, parts[1])
		}
	}
	return flags
}

// versionPackages are where Kubernetes keeps its version. What older API servers tell clients is in the second one.
func (s Set) versionPackages() []string {
	packages := []string{"k8s.io/component-base/version"}
	if s.version != KubernetesVersion {
		packages = append(packages, "k8s.io/client-go/pkg/version")
	}
	return packages
}
