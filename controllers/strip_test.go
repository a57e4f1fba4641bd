package controllers

import (
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// loadedPod has something in every field that the contract reads, and much that it does not.
func loadedPod() *corev1.Pod {
	yes, always := true, corev1.ContainerRestartPolicyAlways
	since := metav1.NewTime(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	ports := []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}, {ContainerPort: 9090}}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "team", Name: "a", UID: "1", ResourceVersion: "2", CreationTimestamp: since, DeletionTimestamp: &since,
			Labels: map[string]string{"app": "x", "pod-template-hash": "h"}, Annotations: map[string]string{"big": strings.Repeat("x", 10000)},
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "rs", UID: "9", Controller: &yes}, {UID: "8"}},
			ManagedFields:   []metav1.ManagedFieldsEntry{{Manager: "kubelet"}},
		},
		Spec: corev1.PodSpec{
			NodeName:       "node",
			Containers:     []corev1.Container{{Name: "app", Image: "image", Env: []corev1.EnvVar{{Name: "SECRET", Value: "s"}}, Ports: ports}},
			InitContainers: []corev1.Container{{Name: "side", RestartPolicy: &always, Ports: []corev1.ContainerPort{{Name: "admin", ContainerPort: 1}}}},
		},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: "10.0.0.1", PodIPs: []corev1.PodIP{{IP: "10.0.0.1"}, {IP: "fd00::1"}},
			Conditions: []corev1.PodCondition{
				{Type: corev1.PodScheduled, Status: corev1.ConditionTrue},
				{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: since, Message: "long"},
			},
		},
	}
}

func TestAStrippedPodGivesTheSameCandidateAndTheSamePorts(t *testing.T) {
	source := &corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{
		{Name: "a", Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromString("http")},
		{Name: "b", TargetPort: intstr.FromString("admin")},
		{Name: "c", TargetPort: intstr.FromInt32(9090)},
	}}}
	whole := loadedPod()
	object, err := newPodStripper().strip(loadedPod())
	if err != nil {
		t.Fatal(err)
	}
	stripped := object.(*corev1.Pod)
	primary := discoveryv1.AddressTypeIPv4
	if got, want := leaderservice.Candidate(source, stripped, true, primary), leaderservice.Candidate(source, whole, true, primary); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	gotPorts, _ := leaderservice.ResolvePorts(source, stripped)
	wantPorts, resolved := leaderservice.ResolvePorts(source, whole)
	if !resolved || !reflect.DeepEqual(gotPorts, wantPorts) {
		t.Errorf("got %v\nwant %v", gotPorts, wantPorts)
	}
	if stripped.Annotations != nil || stripped.Spec.Containers[0].Env != nil || len(stripped.Status.Conditions) != 1 {
		t.Errorf("too much is kept: %+v", stripped)
	}
}

func TestALeaderServiceIsCachedWholeAnOptedInOneForItsSpecAnyOtherForItsName(t *testing.T) {
	service := func(annotations, labels map[string]string) *corev1.Service {
		object, err := stripService(&corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "s", UID: "1", Annotations: annotations, Labels: labels},
			Spec:       corev1.ServiceSpec{ClusterIP: "10.0.0.1", Selector: map[string]string{"app": "x"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return object.(*corev1.Service)
	}
	leader := service(map[string]string{"foreign": "kept"}, map[string]string{
		contract.LabelManagedBy: contract.ManagedBy, contract.LabelSourceService: "app", "foreign": "kept",
	})
	if leader.Annotations["foreign"] == "" || leader.Labels["foreign"] == "" || leader.Spec.ClusterIP == "" {
		t.Errorf("it would lose fields when it is written back: %+v", leader)
	}
	source := service(map[string]string{contract.AnnotationEnabled: "true", "foreign": "dropped"}, map[string]string{"team": "x"})
	if !reflect.DeepEqual(source.Annotations, map[string]string{contract.AnnotationEnabled: "true"}) || source.Spec.Selector == nil {
		t.Errorf("got %+v", source)
	}
	if other := service(map[string]string{"foreign": "dropped"}, nil); other.Annotations != nil || other.Spec.Selector != nil || other.Name != "s" {
		t.Errorf("got %+v", other)
	}
}

func TestAnOptedInServiceIsCachedInLittleWhateverItSays(t *testing.T) {
	huge := strings.Repeat("x", 200<<10)
	object, err := stripService(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Name: "s", Finalizers: []string{"example.com/" + huge, metav1.FinalizerOrphanDependents}, Labels: map[string]string{"big": huge},
			Annotations: map[string]string{contract.AnnotationEnabled: "true", contract.AnnotationSticky: huge, contract.Prefix + "x": huge},
		},
		Spec: corev1.ServiceSpec{ExternalIPs: []string{huge}, LoadBalancerSourceRanges: []string{huge}, ExternalName: huge},
	})
	if err != nil {
		t.Fatal(err)
	}
	if size := object.(*corev1.Service).Size(); size > 1<<10 {
		t.Errorf("%d bytes are kept", size)
	}
}

func TestOfWhoHasSetFieldsOfASliceTheNamesOfTheOthersAreKept(t *testing.T) {
	fields := &metav1.FieldsV1{}
	fields.SetRawString(`{"f:metadata":{}}`)
	ours := metav1.ManagedFieldsEntry{Manager: Name, Operation: metav1.ManagedFieldsOperationUpdate, FieldsV1: fields}
	for name, test := range map[string]struct{ entries, want []metav1.ManagedFieldsEntry }{
		"nobody":       {},
		"the operator": {entries: []metav1.ManagedFieldsEntry{ours}},
		"others too": {
			entries: []metav1.ManagedFieldsEntry{ours, {Manager: "kubectl", Operation: "Apply", FieldsV1: fields}},
			want:    []metav1.ManagedFieldsEntry{{Manager: "kubectl", Operation: "Apply"}},
		},
		"somebody who applies under the operator's name": {
			entries: []metav1.ManagedFieldsEntry{{Manager: Name, Operation: "Apply", FieldsV1: fields}, ours},
			want:    []metav1.ManagedFieldsEntry{{Manager: Name, Operation: "Apply"}},
		},
	} {
		if got := foreignManagers(test.entries); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}
