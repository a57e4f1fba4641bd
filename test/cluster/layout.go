package cluster

import (
	"fmt"
	"path/filepath"
)

// The cluster's networks. The bridge's address is the host's; kube-apiserver and etcd listen there and nowhere else.
const (
	bridge        = "zen-lead0"
	bridgeAddress = "172.31.240.1"
	nodeNetwork   = "172.31.240.0/24"
	podNetwork    = "10.244.0.0/16"
	serviceRange  = "10.96.0.0/16"
	apiService    = "10.96.0.1" // the first of serviceRange, by convention of kube-apiserver
	dnsService    = "10.96.0.10"
	clusterDomain = "cluster.local"
	apiPort       = 6443
	etcdPort      = 2379
	etcdPeerPort  = 2380
)

// controlPlaneMachine is the name of the machine that is no node.
const controlPlaneMachine = "control-plane"

// Nodes are the names of the cluster's nodes.
var Nodes = []string{"node-1", "node-2", "node-3"}

// Cluster is the one whose data is in a folder.
type Cluster struct {
	// Directory is absolute.
	Directory string
}

// Kubeconfig is the path of the administrator's kubeconfig.
func (c Cluster) Kubeconfig() string { return filepath.Join(c.Directory, "kubeconfig") }

func (c Cluster) credentials(name string) string {
	return filepath.Join(c.Directory, "credentials", name)
}

// machine is the folder of a machine: the disk of a node, and the logs of what runs there.
func (c Cluster) machine(name string) string { return filepath.Join(c.Directory, "machines", name) }

// node is where a node stands in the cluster's networks.
type node struct {
	name, address, pods, hostInterface string
}

func nodes() []node {
	all := make([]node, 0, len(Nodes))
	for i, name := range Nodes {
		all = append(all, node{
			name: name, address: fmt.Sprintf("172.31.240.%d", 11+i), pods: fmt.Sprintf("10.244.%d.0/24", 1+i),
			hostInterface: "zen-lead-" + name, // an interface's name has at most 15 characters
		})
	}
	return all
}

func findNode(name string) (node, error) {
	for _, node := range nodes() {
		if node.name == name {
			return node, nil
		}
	}
	return node{}, fmt.Errorf("there is no node %q, only %v", name, Nodes)
}
