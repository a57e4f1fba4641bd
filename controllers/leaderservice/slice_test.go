package leaderservice_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

const (
	ipv4 = discoveryv1.AddressTypeIPv4
	ipv6 = discoveryv1.AddressTypeIPv6
)

func TestTheSliceRoutesToTheLeaderAlone(t *testing.T) {
	route := routeTo(pod("a"), leads("a", 2))
	leaderBefore := route.Leader.DeepCopy()
	got := leaderservice.NewSlice(route, ipv6)
	same(t, "the leader", leaderBefore, route.Leader)

	if got.Annotations[contract.AnnotationApplied] == "" {
		t.Error("no digest")
	}
	delete(got.Annotations, contract.AnnotationApplied)
	yes, no, node := true, false, "node-1"
	sql, web, tcp, sqlPort, webPort, appProtocol := "sql", "web", corev1.ProtocolTCP, int32(15432), int32(8080), "kubernetes.io/h2c"
	same(t, "the slice", &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "prod", Name: "db-leader-ipv6",
			Labels: map[string]string{
				"kubernetes.io/service-name": "db-leader", "endpointslice.kubernetes.io/managed-by": "zen-lead", "zen-lead.io/source-service": "db",
			},
			Annotations: map[string]string{
				"zen-lead.io/leader-pod-name": "a", "zen-lead.io/leader-pod-uid": "uid-a", "zen-lead.io/leader-epoch": "2",
				"zen-lead.io/leader-last-switch-time": "2026-03-01T12:00:00.123456Z", "zen-lead.io/leader-reason": "Elected",
			},
			OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "v1", Kind: "Service", Name: "db-leader", UID: "uid-db-leader", Controller: &yes, BlockOwnerDeletion: &no},
			},
		},
		AddressType: ipv6,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses:  []string{"fd01::5"},
			Conditions: discoveryv1.EndpointConditions{Ready: &yes, Serving: &yes, Terminating: &no},
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: "prod", Name: "a", UID: "uid-a"},
			NodeName:   &node,
		}},
		Ports: []discoveryv1.EndpointPort{
			{Name: &sql, Protocol: &tcp, Port: &sqlPort}, {Name: &web, Protocol: &tcp, Port: &webPort, AppProtocol: &appProtocol},
		},
	}, got)
}

func TestTheConditionsAreAlwaysAllSet(t *testing.T) {
	for _, conditions := range []election.Conditions{{}, asReady, {Serving: true, Terminating: true}, {Terminating: true}} {
		route := routeTo(pod("a"), leads("a", 1))
		route.Conditions = conditions
		got := leaderservice.NewSlice(route, ipv4).Endpoints[0].Conditions
		if *got.Ready != conditions.Ready || *got.Serving != conditions.Serving || *got.Terminating != conditions.Terminating {
			t.Errorf("%+v is published as %v", conditions, got)
		}
	}
}

func TestNobodyIsASliceWithoutEndpointAndWithoutPort(t *testing.T) {
	for name, test := range map[string]struct {
		leader      *corev1.Pod
		addressType discoveryv1.AddressType
	}{
		"no leader":                   {nil, ipv4},
		"no address":                  {pod("a", addresses()), ipv4},
		"no address of the family":    {pod("a", addresses("10.1.0.5")), ipv6},
		"a named port is not found":   {pod("a", withoutPorts), ipv4},
		"the leader has finished":     {pod("a", phase(corev1.PodFailed)), ipv4},
		"an address the API refuses":  {pod("a", addresses("127.0.0.1")), ipv4},
		"nobody of the second family": {nil, ipv6},
	} {
		t.Run(name, func(t *testing.T) {
			slice := leaderservice.NewSlice(routeTo(test.leader, lost("a", 2)), test.addressType)
			if len(slice.Endpoints) > 0 || len(slice.Ports) > 0 || slice.AddressType != test.addressType {
				t.Errorf("%s: %v %v", slice.AddressType, slice.Endpoints, slice.Ports)
			}
			if epoch := slice.Annotations[contract.AnnotationLeaderEpoch]; epoch != "2" {
				t.Errorf("epoch %q", epoch)
			}
		})
	}
}

func TestAnUnscheduledLeaderHasNoNode(t *testing.T) {
	slice := leaderservice.NewSlice(routeTo(pod("a", func(p *corev1.Pod) { p.Spec.NodeName = "" }), leads("a", 1)), ipv4)
	if node := slice.Endpoints[0].NodeName; node != nil {
		t.Errorf("node %q", *node)
	}
}

// Source: https://kubernetes.io/docs/reference/labels-annotations-taints/#endpoints-kubernetes-io-last-change-trigger-time
func TestTheTriggerTimeBelongsToOneChange(t *testing.T) {
	const key = corev1.EndpointsLastChangeTriggerTime
	triggered, silent := routeTo(pod("a"), leads("a", 1)), routeTo(pod("b"), leads("b", 2))
	triggered.Trigger = switchTime.In(time.FixedZone("CET", 3600))
	slice := sliceOf(triggered)
	if at := slice.Annotations[key]; at != "2026-03-01T12:00:00.123456Z" {
		t.Errorf("%q", at)
	}
	triggered.Trigger = switchTime.Add(time.Second)
	if _, differs := updatedSlice(t, slice, triggered); differs {
		t.Error("a trigger alone makes a difference")
	}
	updated, _ := updatedSlice(t, slice, silent)
	if at, left := updated.Annotations[key]; left {
		t.Errorf("the trigger of the change before is left: %q", at)
	}
}

func TestASliceOfOursIsNeitherEditedNorDifferent(t *testing.T) {
	for name, route := range map[string]leaderservice.Route{
		"a leader": routeTo(pod("a"), leads("a", 2)), "nobody": routeTo(nil, lost("a", 2)), "nobody ever": routeTo(nil, leaderservice.Record{}),
	} {
		t.Run(name, func(t *testing.T) {
			slice := sliceOf(route)
			if again, differs := updatedSlice(t, slice, route); differs || again != slice || leaderservice.SliceEdited(slice) {
				t.Errorf("differs %t, edited %t", differs, leaderservice.SliceEdited(slice))
			}
			slice.Endpoints, slice.Ports = orNil(slice.Endpoints), orNil(slice.Ports)
			if _, differs := updatedSlice(t, slice, route); differs || leaderservice.SliceEdited(slice) {
				t.Errorf("as the API server leaves empty lists out: differs %t, edited %t", differs, leaderservice.SliceEdited(slice))
			}
		})
	}
}

// orNil is the list, or nil if it is empty.
func orNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

func TestEveryPartOfTheRouteIsADifference(t *testing.T) {
	slice := sliceOf(routeTo(pod("a"), leads("a", 2)))
	flipped := routeTo(pod("a"), leads("a", 2))
	flipped.Conditions = election.Conditions{Serving: true, Terminating: true}
	for name, route := range map[string]leaderservice.Route{
		"leader":     routeTo(pod("b"), leads("b", 3)),
		"nobody":     routeTo(nil, lost("a", 2)),
		"address":    routeTo(pod("a", addresses("10.1.0.6")), leads("a", 2)),
		"node":       routeTo(pod("a", func(p *corev1.Pod) { p.Spec.NodeName = "node-2" }), leads("a", 2)),
		"port":       routeTo(pod("a", func(p *corev1.Pod) { p.Spec.Containers[0].Ports[0].ContainerPort = 1 }), leads("a", 2)),
		"epoch":      routeTo(pod("a"), leads("a", 3)),
		"conditions": flipped,
	} {
		t.Run(name, func(t *testing.T) {
			updated, differs := updatedSlice(t, slice, route)
			if !differs {
				t.Fatal("no difference")
			}
			want := sliceOf(route)
			want.Generation = 0 // the API server counts it
			same(t, "the updated slice", want, updated)
			if _, differs := updatedSlice(t, updated, route); differs || leaderservice.SliceEdited(updated) {
				t.Errorf("differs again: %t, edited: %t", differs, leaderservice.SliceEdited(updated))
			}
		})
	}
}

func TestSliceNamesCanBeReadBack(t *testing.T) {
	for _, name := range []string{"db-leader", "a", "x-ipv4", "x-ipv6"} {
		for _, addressType := range []discoveryv1.AddressType{ipv4, ipv6} {
			slice := contract.SliceName(name, addressType)
			if got, found := contract.LeaderServiceOfSliceName(slice); !found || got != name {
				t.Errorf("%s: %q, %t", slice, got, found)
			}
			if problems := validation.IsDNS1123Subdomain(slice); len(problems) > 0 {
				t.Errorf("%s: %v", slice, problems)
			}
		}
	}
	for _, name := range []string{"", "db", "db-leader-x7k2p", "db-ipv5", "db-IPv4", "ipv4", "db-ipv4-x", "db-fqdn"} {
		if owner, found := contract.LeaderServiceOfSliceName(name); found {
			t.Errorf("%q passes for a slice of %q", name, owner)
		}
	}
}

func TestAddressTypesFollowTheFamilies(t *testing.T) {
	same(t, "two", []discoveryv1.AddressType{ipv6, ipv4}, leaderservice.AddressTypes([]corev1.IPFamily{corev1.IPv6Protocol, corev1.IPv4Protocol}))
	same(t, "none, as without dual stack", []discoveryv1.AddressType{ipv4}, leaderservice.AddressTypes(nil))
}
