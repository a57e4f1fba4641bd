// Package cluster is a real Kubernetes cluster on one Linux machine, without a container registry: etcd, kube-apiserver,
// kube-controller-manager and kube-scheduler, and three nodes with a real containerd, kubelet and kube-proxy each.
//
// A node is a machine of its own as far as the kernel allows: one process (machine.go) is the first of a PID namespace and
// has its own network, mounts and host name; it starts the node's daemons as an init system would. Killing that one process is a
// loss of power: the kernel ends all that ran there, containers too, and takes the mounts and the network with it; what was
// written to the node's disk (a folder) stays. The nodes' network cards hang on a bridge, so that one can be unplugged. The control
// plane is a machine of the same kind that stays in the host's network.
//
// Nothing is remembered about what runs: machines are found by their command line in /proc. So a cluster can be
// taken down after any crash. Everything on disk is below one folder.
package cluster
