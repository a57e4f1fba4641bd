package leaderservice_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// sliceEdit changes a slice in the API.
type sliceEdit func(*discoveryv1.EndpointSlice)

// ofEndpoint changes the slice's endpoint.
func ofEndpoint(change func(*discoveryv1.Endpoint)) sliceEdit {
	return func(s *discoveryv1.EndpointSlice) { change(&s.Endpoints[0]) }
}

// annotated sets one annotation.
func annotated(key, value string) sliceEdit {
	return func(s *discoveryv1.EndpointSlice) { s.Annotations[key] = value }
}

// sliceEdits are changes of what is ours in a slice.
var sliceEdits = map[string]sliceEdit{
	"service name changed":   func(s *discoveryv1.EndpointSlice) { s.Labels[discoveryv1.LabelServiceName] = "db" },
	"service name removed":   func(s *discoveryv1.EndpointSlice) { delete(s.Labels, discoveryv1.LabelServiceName) },
	"managed-by changed":     func(s *discoveryv1.EndpointSlice) { s.Labels[discoveryv1.LabelManagedBy] = "x" },
	"source removed":         func(s *discoveryv1.EndpointSlice) { delete(s.Labels, contract.LabelSourceService) },
	"all labels removed":     func(s *discoveryv1.EndpointSlice) { s.Labels = nil },
	"endpoint added":         func(s *discoveryv1.EndpointSlice) { s.Endpoints = append(s.Endpoints, s.Endpoints[0]) },
	"endpoint removed":       func(s *discoveryv1.EndpointSlice) { s.Endpoints = nil },
	"address changed":        ofEndpoint(func(e *discoveryv1.Endpoint) { e.Addresses = []string{"10.1.0.6"} }),
	"address added":          ofEndpoint(func(e *discoveryv1.Endpoint) { e.Addresses = append(e.Addresses, "10.1.0.6") }),
	"ready flipped":          ofEndpoint(func(e *discoveryv1.Endpoint) { *e.Conditions.Ready = false }),
	"serving flipped":        ofEndpoint(func(e *discoveryv1.Endpoint) { *e.Conditions.Serving = false }),
	"terminating flipped":    ofEndpoint(func(e *discoveryv1.Endpoint) { *e.Conditions.Terminating = true }),
	"conditions removed":     ofEndpoint(func(e *discoveryv1.Endpoint) { e.Conditions = discoveryv1.EndpointConditions{} }),
	"another Pod's UID":      ofEndpoint(func(e *discoveryv1.Endpoint) { e.TargetRef.UID = "x" }),
	"another Pod's name":     ofEndpoint(func(e *discoveryv1.Endpoint) { e.TargetRef.Name = "x" }),
	"no Pod":                 ofEndpoint(func(e *discoveryv1.Endpoint) { e.TargetRef = nil }),
	"another node":           ofEndpoint(func(e *discoveryv1.Endpoint) { *e.NodeName = "node-2" }),
	"a zone":                 ofEndpoint(func(e *discoveryv1.Endpoint) { e.Zone = new("z") }),
	"a host name":            ofEndpoint(func(e *discoveryv1.Endpoint) { e.Hostname = new("h") }),
	"hints":                  ofEndpoint(func(e *discoveryv1.Endpoint) { e.Hints = &discoveryv1.EndpointHints{} }),
	"port changed":           func(s *discoveryv1.EndpointSlice) { *s.Ports[0].Port = 1 },
	"port renamed":           func(s *discoveryv1.EndpointSlice) { *s.Ports[0].Name = "x" },
	"protocol changed":       func(s *discoveryv1.EndpointSlice) { *s.Ports[0].Protocol = corev1.ProtocolUDP },
	"appProtocol changed":    func(s *discoveryv1.EndpointSlice) { *s.Ports[1].AppProtocol = "http" },
	"port removed":           func(s *discoveryv1.EndpointSlice) { s.Ports = s.Ports[:1] },
	"ports removed":          func(s *discoveryv1.EndpointSlice) { s.Ports = nil },
	"controller removed":     func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil },
	"controller demoted":     func(s *discoveryv1.EndpointSlice) { *s.OwnerReferences[0].Controller = false },
	"another UID":            func(s *discoveryv1.EndpointSlice) { s.OwnerReferences[0].UID = "x" },
	"leader name changed":    annotated(contract.AnnotationLeaderPodName, "b"),
	"leader UID changed":     annotated(contract.AnnotationLeaderPodUID, "b"),
	"epoch lowered":          annotated(contract.AnnotationLeaderEpoch, "1"),
	"switch time changed":    annotated(contract.AnnotationLeaderLastSwitchTime, "2026-03-01T12:00:01Z"),
	"reason removed":         func(s *discoveryv1.EndpointSlice) { delete(s.Annotations, contract.AnnotationLeaderReason) },
	"applied digest removed": func(s *discoveryv1.EndpointSlice) { delete(s.Annotations, contract.AnnotationApplied) },
	"all annotations gone":   func(s *discoveryv1.EndpointSlice) { s.Annotations = nil },
}

// foreignToSlices are changes of what is not ours.
var foreignToSlices = map[string]sliceEdit{
	"label":        func(s *discoveryv1.EndpointSlice) { s.Labels["team"] = "x" },
	"annotation":   annotated("example.com/x", "x"),
	"owner behind": func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = append(s.OwnerReferences, owner("x")) },
	"owner in front": func(s *discoveryv1.EndpointSlice) {
		s.OwnerReferences = slices.Insert(s.OwnerReferences, 0, owner("y"))
	},
	"finalizer":      func(s *discoveryv1.EndpointSlice) { s.Finalizers = append(s.Finalizers, "example.com/x") },
	"headless label": func(s *discoveryv1.EndpointSlice) { s.Labels[corev1.IsHeadlessService] = "" },
}

func TestAnEditOfASliceIsNoticedAndPutBack(t *testing.T) {
	route := routeTo(pod("a"), leads("a", 3))
	intact := sliceOf(route)
	intact.Generation = 0 // the API server counts it
	for name, edit := range sliceEdits {
		t.Run(name, func(t *testing.T) {
			existing := intact.DeepCopy()
			edit(existing)
			if !leaderservice.SliceEdited(existing) {
				t.Error("not noticed")
			}
			updated, differs := updatedSlice(t, existing, route)
			if !differs {
				t.Fatal("not put back")
			}
			same(t, "put back", intact, updated)
		})
	}
}

func TestAnEndpointThatSomebodyAddsWhereNobodyLeadsIsPutBack(t *testing.T) {
	nobody := routeTo(nil, lost("a", 3))
	existing := sliceOf(nobody)
	existing.Endpoints = sliceOf(routeTo(pod("a"), leads("a", 3))).Endpoints
	updated, differs := updatedSlice(t, existing, nobody)
	if !leaderservice.SliceEdited(existing) || !differs || len(updated.Endpoints) > 0 {
		t.Errorf("edited %t, differs %t, %v", leaderservice.SliceEdited(existing), differs, updated.Endpoints)
	}
}

func TestWhatOthersAddToASliceIsNoEditAndIsKept(t *testing.T) {
	route := routeTo(pod("a"), leads("a", 3))
	existing := sliceOf(route)
	for name, add := range foreignToSlices {
		add(existing)
		if _, differs := updatedSlice(t, existing, route); differs || leaderservice.SliceEdited(existing) {
			t.Errorf("%s: differs %t, edited %t", name, differs, leaderservice.SliceEdited(existing))
		}
	}
	updated, _ := updatedSlice(t, existing, routeTo(pod("b"), leads("b", 4)))
	_, headless := updated.Labels[corev1.IsHeadlessService]
	for what, kept := range map[string]bool{
		"labels": updated.Labels["team"] == "x" && headless, "annotation": updated.Annotations["example.com/x"] == "x",
		"finalizer": len(updated.Finalizers) == 1, "owner": len(updated.OwnerReferences) == 3,
		"what the API server needs": updated.UID == existing.UID && updated.ResourceVersion == existing.ResourceVersion,
	} {
		if !kept {
			t.Errorf("%s: gone", what)
		}
	}
}

func TestAMarkOfOursThatMeansNothingAnyLongerIsRemoved(t *testing.T) {
	existing := sliceOf(routeTo(pod("a"), leads("a", 3)))
	existing.Annotations[contract.Prefix+"of-a-former-version"] = "x"
	updated, _ := updatedSlice(t, existing, routeTo(pod("b"), leads("b", 4)))
	if _, left := updated.Annotations[contract.Prefix+"of-a-former-version"]; left {
		t.Error("left")
	}
}

func TestASliceWithADigestOfAnotherVersionIsNoEditButIsWrittenAnew(t *testing.T) {
	route := routeTo(pod("a"), leads("a", 3))
	existing := sliceOf(route)
	existing.Annotations[contract.AnnotationApplied] = "v0-0123456789abcdef"
	_, differs := updatedSlice(t, existing, route)
	if leaderservice.SliceEdited(existing) || !differs {
		t.Errorf("edited %t, differs %t", leaderservice.SliceEdited(existing), differs)
	}
}
