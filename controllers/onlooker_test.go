package controllers

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
)

// lookedAt is how a Service with these Pods looks, for which nothing has been made yet.
func lookedAt(t *testing.T, annotations map[string]string, pods ...*corev1.Pod) *View {
	t.Helper()
	snapshot := NewSnapshot()
	annotations[contract.AnnotationEnabled] = "true"
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "db", UID: "s", Annotations: annotations},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "db"}, Ports: []corev1.ServicePort{{Port: 80}}},
	}
	if err := snapshot.Services.Add(service); err != nil {
		t.Fatal(err)
	}
	for _, pod := range pods {
		if err := snapshot.Pods.Add(pod); err != nil {
			t.Fatal(err)
		}
	}
	onlooker := NewOnlooker(snapshot, clocktesting.NewFakePassiveClock(time.Unix(1000, 0)))
	view, err := onlooker.Look(t.Context(), types.NamespacedName{Namespace: "team", Name: "db"})
	if err != nil {
		t.Fatal(err)
	}
	return view
}

func readyPod(namespace, name, app string, since int64) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(name), Labels: map[string]string{"app": app}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIPs: []corev1.PodIP{{IP: "10.0.0.1"}},
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Unix(since, 0)}},
		},
	}
}

func TestAnOnlookerElectsAmongThePodsThatTheSelectorMatches(t *testing.T) {
	view := lookedAt(t, map[string]string{}, readyPod("team", "b", "db", 10), readyPod("team", "a", "db", 20), readyPod("team", "c", "web", 1), readyPod("other", "d", "db", 1))
	if view.Decision.Leader == nil || view.Decision.Leader.Name != "b" || view.Advantage() != election.CriterionReady || len(view.Pods) != 2 {
		t.Errorf("it comes to %+v, among %v", view.Decision, view.Pods)
	}
	next, criterion, err := view.Succession(t.Context())
	if err != nil || next.Leader.Name != "a" || criterion != "" {
		t.Errorf("next is %+v by %q, %v", next.Leader, criterion, err)
	}
	preferring, err := view.Preferring(t.Context(), "a")
	if err != nil || preferring.Leader.Name != "a" || preferring.Basis != election.BasisPreferred {
		t.Errorf("%+v, %v", preferring, err)
	}
	if len(view.Problems) != 1 || view.Problems[0].Reason != ProblemPending {
		t.Errorf("problems are %+v", view.Problems)
	}
}

func TestAnOnlookerSaysWhatIsTheMatter(t *testing.T) {
	view := lookedAt(t, map[string]string{contract.AnnotationSticky: "maybe"})
	var reasons []string
	for _, problem := range view.Problems {
		reasons = append(reasons, problem.Reason)
	}
	if len(reasons) != 3 || reasons[0] != contract.EventInvalidAnnotation || reasons[1] != contract.EventNoEligiblePod || reasons[2] != ProblemPending {
		t.Errorf("it says %v", view.Problems)
	}
	if next, _, err := view.Succession(t.Context()); err != nil || next.Leader != nil {
		t.Errorf("next is %+v, %v", next, err)
	}
}
