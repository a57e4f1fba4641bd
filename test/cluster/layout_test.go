package cluster

import (
	"net/netip"
	"testing"
)

func TestNodesFitTheirNetworks(t *testing.T) {
	pods, services := netip.MustParsePrefix(podNetwork), netip.MustParsePrefix(serviceRange)
	machines := netip.MustParsePrefix(nodeNetwork)
	if pods.Overlaps(services) || pods.Overlaps(machines) || services.Overlaps(machines) {
		t.Error("networks overlap")
	}
	if !machines.Contains(netip.MustParseAddr(bridgeAddress)) {
		t.Errorf("the bridge's address is not in %s", machines)
	}
	for _, address := range []string{apiService, dnsService} {
		if !services.Contains(netip.MustParseAddr(address)) {
			t.Errorf("%s is not in %s", address, services)
		}
	}
	seen := map[string]bool{}
	for _, node := range nodes() {
		if own := netip.MustParsePrefix(node.pods); !pods.Contains(own.Addr()) || seen[node.pods] {
			t.Errorf("%s: Pods in %s", node.name, own)
		}
		if !machines.Contains(netip.MustParseAddr(node.address)) || seen[node.address] || node.address == bridgeAddress {
			t.Errorf("%s: address %s", node.name, node.address)
		}
		if len(node.hostInterface) > 15 {
			t.Errorf("%s: the kernel takes no interface named %s", node.name, node.hostInterface)
		}
		seen[node.pods], seen[node.address] = true, true
	}
}

func TestProcessesAreReadFromTheKernelsTables(t *testing.T) {
	name, parent := nameAndParent(1)
	if name == "" || parent != 0 {
		t.Errorf("process 1 is %q, child of %d", name, parent)
	}
	if name, _ := nameAndParent(0); name != "" {
		t.Errorf("process 0 is %q", name)
	}
}

func TestDaemonsAreFilledIn(t *testing.T) {
	cluster := Cluster{Directory: t.TempDir()}
	node, err := findNode(Nodes[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := cluster.configure(node, Binaries{}); err != nil {
		t.Error(err)
	}
	if _, err := findNode("node-9"); err == nil {
		t.Error("node-9 was found")
	}
}
