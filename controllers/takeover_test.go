package controllers

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// aPass has elected the Pod a for a Service of two families, whose slices are as they should be.
func aPass() *pass {
	source := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "app"},
		Spec: corev1.ServiceSpec{
			IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol},
			Ports:      []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080), Protocol: corev1.ProtocolTCP}},
		},
	}
	leaderService := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "app-leader", UID: "1"}, Spec: source.Spec}
	leader := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "a", UID: "uid-a"},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: "10.0.0.1", PodIPs: []corev1.PodIP{{IP: "10.0.0.1"}, {IP: "fd00::1"}},
		},
	}
	p := &pass{
		seen: &observation{source: source}, leaderService: leaderService, leader: leader, slices: newSliceSet(),
		route: leaderservice.Route{Source: source, Service: leaderService, Leader: leader, Conditions: election.Conditions{Ready: true, Serving: true}},
	}
	for _, addressType := range sliceAddressTypes {
		p.slices.ours[addressType] = leaderservice.NewSlice(p.route, addressType)
	}
	return p
}

func TestASliceMisroutesInEveryFamilyThatIsOurs(t *testing.T) {
	for name, test := range map[string]struct {
		change    func(*pass)
		misroutes bool
	}{
		"as it should be": {func(*pass) {}, false},
		"the primary family's is missing": {func(p *pass) {
			delete(p.slices.ours, discoveryv1.AddressTypeIPv4)
		}, true},
		"the second family's is missing": {func(p *pass) {
			delete(p.slices.ours, discoveryv1.AddressTypeIPv6)
		}, true},
		"somebody else has its name": {func(p *pass) {
			delete(p.slices.ours, discoveryv1.AddressTypeIPv6)
			p.slices.taken[discoveryv1.AddressTypeIPv6] = true
		}, false},
		"of another address type": {func(p *pass) {
			p.slices.ours[discoveryv1.AddressTypeIPv4] = p.slices.ours[discoveryv1.AddressTypeIPv6]
		}, true},
		"to another Pod in the second family": {func(p *pass) {
			p.slices.ours[discoveryv1.AddressTypeIPv6].Endpoints[0].TargetRef.UID = "uid-b"
		}, true},
		"to nobody":                 {func(p *pass) { p.slices.ours[discoveryv1.AddressTypeIPv4].Endpoints = nil }, true},
		"to a leader that is to go": {func(p *pass) { p.route.Leader = nil }, true},
		"of a family that is no longer wanted": {func(p *pass) {
			p.leaderService.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol}
			p.seen.source.Spec.IPFamilies = p.leaderService.Spec.IPFamilies
			p.slices.ours[discoveryv1.AddressTypeIPv6].Endpoints = nil
		}, false},
		"of a family that is to come": {func(p *pass) {
			p.leaderService = p.leaderService.DeepCopy()
			p.leaderService.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol}
			delete(p.slices.ours, discoveryv1.AddressTypeIPv6)
		}, true},
	} {
		p := aPass()
		test.change(p)
		if got := misroutes(p); got != test.misroutes {
			t.Errorf("%s: misroutes is %v", name, got)
		}
	}
}
