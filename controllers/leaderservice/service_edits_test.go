package leaderservice_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// serviceEdits are changes of what is ours in a leader Service.
var serviceEdits = map[string]trait{
	"managed-by removed":          func(s *corev1.Service) { delete(s.Labels, contract.LabelManagedBy) },
	"managed-by changed":          func(s *corev1.Service) { s.Labels[contract.LabelManagedBy] = "Helm" },
	"source changed":              func(s *corev1.Service) { s.Labels[contract.LabelSourceService] = "web" },
	"skip-mirror removed":         func(s *corev1.Service) { delete(s.Labels, contract.LabelSkipMirror) },
	"all labels removed":          func(s *corev1.Service) { s.Labels = nil },
	"port changed":                func(s *corev1.Service) { s.Spec.Ports[0].Port = 1 },
	"target port changed":         func(s *corev1.Service) { s.Spec.Ports[0].TargetPort = intstr.FromInt32(1) },
	"protocol changed":            func(s *corev1.Service) { s.Spec.Ports[0].Protocol = corev1.ProtocolUDP },
	"port renamed":                func(s *corev1.Service) { s.Spec.Ports[0].Name = "x" },
	"appProtocol removed":         func(s *corev1.Service) { s.Spec.Ports[1].AppProtocol = nil },
	"port added":                  func(s *corev1.Service) { s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "x", Port: 1}) },
	"port removed":                func(s *corev1.Service) { s.Spec.Ports = s.Spec.Ports[:1] },
	"ports swapped":               func(s *corev1.Service) { s.Spec.Ports[0], s.Spec.Ports[1] = s.Spec.Ports[1], s.Spec.Ports[0] },
	"selector added":              func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "db"} },
	"type NodePort":               func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeNodePort },
	"type LoadBalancer":           func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeLoadBalancer },
	"affinity added":              func(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP },
	"not-ready addresses":         func(s *corev1.Service) { s.Spec.PublishNotReadyAddresses = true },
	"a family removed":            families(corev1.IPFamilyPolicyRequireDualStack, corev1.IPv4Protocol),
	"family policy changed":       families(corev1.IPFamilyPolicyPreferDualStack, corev1.IPv4Protocol, corev1.IPv6Protocol),
	"controller removed":          func(s *corev1.Service) { s.OwnerReferences = nil },
	"controller demoted":          func(s *corev1.Service) { s.OwnerReferences[0].Controller = nil },
	"controller replaced":         func(s *corev1.Service) { s.OwnerReferences[0].Kind = "Deployment" },
	"another UID":                 func(s *corev1.Service) { s.OwnerReferences[0].UID = "x" },
	"blocks the owner's deletion": func(s *corev1.Service) { *s.OwnerReferences[0].BlockOwnerDeletion = true },
	"leader name changed":         func(s *corev1.Service) { s.Annotations[contract.AnnotationLeaderPodName] = "b" },
	"leader UID removed":          func(s *corev1.Service) { delete(s.Annotations, contract.AnnotationLeaderPodUID) },
	"epoch raised":                func(s *corev1.Service) { s.Annotations[contract.AnnotationLeaderEpoch] = "99" },
	"reason changed":              func(s *corev1.Service) { s.Annotations[contract.AnnotationLeaderReason] = "x" },
	"switch time removed":         func(s *corev1.Service) { delete(s.Annotations, contract.AnnotationLeaderLastSwitchTime) },
	"applied digest removed":      func(s *corev1.Service) { delete(s.Annotations, contract.AnnotationApplied) },
	"all annotations removed":     func(s *corev1.Service) { s.Annotations = nil },
}

// foreignToServices are changes of what is not ours.
var foreignToServices = map[string]trait{
	"label":          func(s *corev1.Service) { s.Labels["team"] = "x" },
	"annotation":     func(s *corev1.Service) { s.Annotations["argocd.argoproj.io/tracking-id"] = "x" },
	"owner behind":   func(s *corev1.Service) { s.OwnerReferences = append(s.OwnerReferences, owner("x")) },
	"owner in front": func(s *corev1.Service) { s.OwnerReferences = slices.Insert(s.OwnerReferences, 0, owner("y")) },
	"finalizer":      func(s *corev1.Service) { s.Finalizers = append(s.Finalizers, "example.com/x") },
	"node port":      func(s *corev1.Service) { s.Spec.Ports[0].NodePort = 31000 },
	"external IP":    func(s *corev1.Service) { s.Spec.ExternalIPs = []string{"192.0.2.1"} },
	"status":         func(s *corev1.Service) { s.Status.Conditions = []metav1.Condition{{Type: "x"}} },
}

func TestAnEditOfALeaderServiceIsNoticedAndPutBack(t *testing.T) {
	record := leads("a", 3)
	for name, edit := range serviceEdits {
		t.Run(name, func(t *testing.T) {
			intact := leaderServiceOf(source(), record)
			existing := with(intact.DeepCopy(), edit)
			if !leaderservice.ServiceEdited(existing) {
				t.Error("not noticed")
			}
			updated, differs := updatedService(t, existing, source(), record)
			if !differs {
				t.Fatal("not put back")
			}
			same(t, "put back", intact, updated)
		})
	}
}

func TestWhatOthersAddToALeaderServiceIsNoEditAndIsKept(t *testing.T) {
	record := leads("a", 3)
	existing := leaderServiceOf(source(), record)
	for name, add := range foreignToServices {
		add(existing)
		if _, differs := updatedService(t, existing, source(), record); differs || leaderservice.ServiceEdited(existing) {
			t.Errorf("%s: differs %t, edited %t", name, differs, leaderservice.ServiceEdited(existing))
		}
	}
	updated, _ := updatedService(t, existing, source(), leads("b", 4))
	for what, kept := range map[string]bool{
		"label": updated.Labels["team"] == "x", "annotation": updated.Annotations["argocd.argoproj.io/tracking-id"] == "x",
		"finalizer": len(updated.Finalizers) == 1, "external IP": len(updated.Spec.ExternalIPs) == 1,
		"owner": len(updated.OwnerReferences) == 3,
	} {
		if !kept {
			t.Errorf("%s is gone", what)
		}
	}
	if controller := metav1.GetControllerOf(updated); controller == nil || controller.UID != "uid-db" {
		t.Errorf("controller %v", controller)
	}
}

func TestADigestOfAnotherVersionIsNoEditButIsWrittenAnew(t *testing.T) {
	existing := leaderServiceOf(source(), leads("a", 1))
	existing.Annotations[contract.AnnotationApplied] = "v0-0123456789abcdef"
	_, differs := updatedService(t, existing, source(), leads("a", 1))
	if leaderservice.ServiceEdited(existing) || !differs {
		t.Errorf("edited %t, differs %t", leaderservice.ServiceEdited(existing), differs)
	}
}

func TestTheStatusForPeople(t *testing.T) {
	for name, test := range map[string]struct {
		record leaderservice.Record
		want   map[string]string
	}{
		"nobody ever led": {leaderservice.Record{}, map[string]string{contract.AnnotationLeaderEpoch: "0"}},
		"a Pod leads": {leads("a", 2), map[string]string{
			contract.AnnotationLeaderPodName: "a", contract.AnnotationLeaderPodUID: "uid-a", contract.AnnotationLeaderEpoch: "2",
			contract.AnnotationLeaderLastSwitchTime: "2026-03-01T12:00:00.123456Z", contract.AnnotationLeaderReason: "Elected",
		}},
		"nobody leads now": {lost("a", 2), map[string]string{
			contract.AnnotationLeaderEpoch:          "2",
			contract.AnnotationLeaderLastSwitchTime: "2026-03-01T12:00:00.123456Z", contract.AnnotationLeaderReason: "NotReady",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			existing := leaderServiceOf(source(), leads("before", 1))
			metav1.SetMetaDataAnnotation(&existing.ObjectMeta, contract.Prefix+"stale", "x")
			updated, _ := updatedService(t, existing, source(), test.record)
			delete(updated.Annotations, contract.AnnotationApplied)
			same(t, "annotations", test.want, updated.Annotations)
		})
	}
}
