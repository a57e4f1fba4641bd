package cluster

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"github.com/zen-lead/zen-lead/test/binaries"
)

// A node's daemons.
const (
	Containerd = "containerd"
	Kubelet    = "kubelet"
	KubeProxy  = "kube-proxy"
)

// containerdSocket is where a node has it. On the host it is below /proc/<machine's process>/root.
const containerdSocket = "/run/containerd/containerd.sock"

// pauseImage holds a Pod's network namespace.
const pauseImage = "localhost/pause:1"

//go:embed containerd.toml
var containerdConfig string

//go:embed kubelet.yaml
var kubeletConfig string

//go:embed kube-proxy.yaml
var kubeProxyConfig string

//go:embed cni.json
var cniConfig string

// settings are what the configuration files of a node are filled in with.
type settings struct {
	Node, Directory, CNI, Pods, PodNetwork string
	Authority, ProxyKubeconfig             string
	DNS, Domain, Pause, Resolver           string
}

// PowerOn starts a node, with the disk that it had.
func (c Cluster) PowerOn(ctx context.Context, name string, programs Binaries) error {
	node, err := findNode(name)
	if err != nil {
		return err
	}
	if c.machineProcess(name) != 0 {
		return nil
	}
	if err := c.configure(node, programs); err != nil {
		return fmt.Errorf("configuring %s: %w", name, err)
	}
	config := func(file string) string { return filepath.Join(c.machine(name), file) }
	return c.start(ctx, name, &node, machineSpec{
		Isolated: true, Path: []string{programs[binaries.Containerd.Name]}, Commands: node.networkCommands(),
		Daemons: []daemon{
			{Name: Containerd, Program: programs.in(binaries.Containerd, Containerd), Arguments: []string{"--config=" + config("containerd.toml")}},
			{Name: Kubelet, Program: programs.in(binaries.Node, Kubelet), After: containerdSocket, Arguments: []string{
				"--config=" + config("kubelet.yaml"), "--kubeconfig=" + c.kubeconfigOf(name), "--node-ip=" + node.address,
				"--hostname-override=" + name,
			}},
			{Name: KubeProxy, Program: programs.in(binaries.Node, KubeProxy), Arguments: []string{"--config=" + config("kube-proxy.yaml")}},
		},
	})
}

// networkCommands configure the node's card and its routes to the other nodes' Pods.
func (n node) networkCommands() [][]string {
	commands := [][]string{
		{"ip", "link", "set", "lo", "up"},
		{"ip", "addr", "add", n.address + "/24", "dev", "eth0"},
		{"ip", "link", "set", "eth0", "up"},
		{"ip", "route", "add", "default", "via", bridgeAddress},
		{"sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"},
	}
	for _, other := range nodes() {
		if other != n {
			commands = append(commands, []string{"ip", "route", "add", other.pods, "via", other.address})
		}
	}
	return commands
}

// configure writes the configuration files of a node's daemons.
func (c Cluster) configure(node node, programs Binaries) error {
	directory := c.machine(node.name)
	values := settings{
		Node: node.name, Directory: directory, CNI: programs[binaries.CNI.Name], Pods: node.pods, PodNetwork: podNetwork,
		Authority: c.credentials(authorityName + ".crt"), ProxyKubeconfig: c.kubeconfigOf(KubeProxy),
		DNS: dnsService, Domain: clusterDomain, Pause: pauseImage, Resolver: filepath.Join(directory, "resolv.conf"),
	}
	return errors.Join(
		os.MkdirAll(filepath.Join(directory, "cni"), 0o755),
		os.WriteFile(values.Resolver, []byte("# no name server but the cluster's\n"), 0o644),
		fill("containerd.toml", containerdConfig, directory, values),
		fill("kubelet.yaml", kubeletConfig, directory, values),
		fill("kube-proxy.yaml", kubeProxyConfig, directory, values),
		fill("cni/10-bridge.conflist", cniConfig, directory, values),
	)
}

func fill(name, text, directory string, values any) error {
	parsed, err := template.New(name).Option("missingkey=error").Parse(text)
	if err != nil {
		return err
	}
	filled := &bytes.Buffer{}
	if err := parsed.Execute(filled, values); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(directory, name), filled.Bytes(), 0o644)
}
