package apiserver

import (
	"fmt"
	nethttp "net/http"
	"net/url"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/procfs"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// The states of a TCP connection. Source: Linux, include/net/tcp_states.h.
const (
	tcpEstablished = 1
	tcpListen      = 10
)

// sockets are where the replica listens, and whom it talks to of its own accord.
func (r *replica) sockets() (listens, talks []string) {
	GinkgoHelper()
	process, err := procfs.NewProc(r.command.Process.Pid)
	Expect(err).NotTo(HaveOccurred())
	open, err := process.FileDescriptorTargets()
	Expect(err).NotTo(HaveOccurred())
	system, err := procfs.NewDefaultFS()
	Expect(err).NotTo(HaveOccurred())
	for _, read := range []func() (procfs.NetTCP, error){system.NetTCP, system.NetTCP6} { //nolint:staticcheck // netlink says no more than these tables
		lines, err := read()
		Expect(err).NotTo(HaveOccurred())
		for _, line := range lines {
			if !slices.Contains(open, fmt.Sprintf("socket:[%d]", line.Inode)) {
				continue
			}
			local, remote := fmt.Sprintf("%s:%d", line.LocalAddr, line.LocalPort), fmt.Sprintf("%s:%d", line.RemAddr, line.RemPort)
			switch {
			case line.St == tcpListen:
				listens = append(listens, local)
			case line.St == tcpEstablished && local != r.metrics && local != r.health && !slices.Contains(talks, remote):
				talks = append(talks, remote)
			}
		}
	}
	for _, read := range []func() (procfs.NetUDP, error){system.NetUDP, system.NetUDP6} {
		lines, err := read()
		Expect(err).NotTo(HaveOccurred())
		for _, line := range lines {
			if slices.Contains(open, fmt.Sprintf("socket:[%d]", line.Inode)) {
				talks = append(talks, "UDP "+line.RemAddr.String())
			}
		}
	}
	return listens, talks
}

// as reads an object of a known kind.
func as[T any](object unstructured.Unstructured) *T {
	GinkgoHelper()
	typed := new(T)
	Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, typed)).To(Succeed())
	return typed
}

var _ = Describe("The network", func() {
	It("is used to listen for scrapes and probes, and to talk to the API server; to nobody else", func(_ SpecContext) {
		i := install(false, unchanged)
		replica := i.start()
		Eventually(replica.ready).Should(Equal(nethttp.StatusOK))
		i.aService("my-app").create()
		i.aPod("my-app", "a").create()
		i.switched("my-app", "a", 1, contract.ReasonElected)
		get("https://"+replica.metrics+"/metrics", i.token("somebody"))
		listens, talks := replica.sockets()
		Expect(listens).To(ConsistOf(replica.metrics, replica.health))
		server, err := url.Parse(plane.Config.Host)
		Expect(err).NotTo(HaveOccurred())
		host := server.Host
		if host == "" { // without a scheme
			host = strings.TrimSuffix(plane.Config.Host, "/")
		}
		Expect(talks).To(ConsistOf(host))
	})

	It("is open for these by the NetworkPolicy, and closed for everything else that would come in", func(ctx SpecContext) {
		policies, deployment := 0, corev1.PodTemplateSpec{}
		all := shipped(ctx)
		for _, object := range all["config/default"] {
			for _, template := range podTemplates(object) {
				deployment = template
			}
		}
		Expect(deployment.Spec.Containers).To(HaveLen(1))
		for _, objects := range all {
			for _, object := range objects {
				if object.GetKind() != "NetworkPolicy" {
					continue
				}
				policies++
				spec := as[networkingv1.NetworkPolicy](object).Spec
				for label, value := range spec.PodSelector.MatchLabels {
					Expect(deployment.Labels).To(HaveKeyWithValue(label, value))
				}
				Expect(spec.PodSelector.MatchLabels).NotTo(BeEmpty())
				Expect(spec.PolicyTypes).To(ConsistOf(networkingv1.PolicyTypeIngress))
				Expect(spec.Ingress).To(HaveLen(1))
				Expect(spec.Ingress[0].From).To(BeEmpty())
				var opened, served []string
				for _, port := range spec.Ingress[0].Ports {
					opened = append(opened, port.Port.StrVal+" "+string(ptr.Deref(port.Protocol, corev1.ProtocolTCP)))
				}
				for _, port := range deployment.Spec.Containers[0].Ports {
					served = append(served, port.Name+" TCP")
				}
				Expect(opened).To(ConsistOf(served))
			}
		}
		Expect(policies).To(Equal(3), "the overlay's, and one in each bundle")
	})
})
