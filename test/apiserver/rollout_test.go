package apiserver

import (
	"context"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/controlplane"
	"github.com/zen-lead/zen-lead/test/poddriver"
)

const rolloutReplicas = 5

// drivePods has the Pods of the test's namespace run as on a cluster, quickly.
func (w *world) drivePods() {
	GinkgoHelper()
	ctx, cancel := context.WithCancel(w.ctx)
	DeferCleanup(cancel)
	Expect(poddriver.Start(ctx, plane.Config, poddriver.Options{
		Namespace: w.namespace, Nodes: controlplane.Nodes, StartDelay: 100 * time.Millisecond, StopDelay: 100 * time.Millisecond,
	})).To(Succeed())
}

func template(version string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "my-app"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app:" + version}}},
	}
}

func (w *world) deployment(maxUnavailable intstr.IntOrString) *appsv1.Deployment {
	replicas := int32(rolloutReplicas)
	surge := intstr.FromInt32(1)
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "my-app"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "my-app"}},
			Template: template("1"),
			Strategy: appsv1.DeploymentStrategy{RollingUpdate: &appsv1.RollingUpdateDeployment{
				MaxUnavailable: &maxUnavailable, MaxSurge: &surge,
			}},
		},
	}
}

func (w *world) statefulSet() *appsv1.StatefulSet {
	replicas := int32(rolloutReplicas)
	return &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "my-app"},
		Spec: appsv1.StatefulSetSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "my-app"}},
			ServiceName: "my-app", Template: template("1"),
		},
	}
}

// allRun is whether all Pods are Ready and of that version, with none of another left.
func (w *world) allRun(version string) func() bool {
	return func() bool {
		var pods corev1.PodList
		Expect(admin.List(w.ctx, &pods, client.InNamespace(w.namespace))).To(Succeed())
		for _, pod := range pods.Items {
			ready := len(pod.Status.Conditions) > 0 && pod.Status.Conditions[len(pod.Status.Conditions)-1].Status == corev1.ConditionTrue
			if pod.Spec.Containers[0].Image != "app:"+version || !ready || pod.DeletionTimestamp != nil {
				return false
			}
		}
		return len(pods.Items) == rolloutReplicas
	}
}

// newestPodIsASecondOld is whether a Pod made now gets a later creation time than all that exist: the API keeps whole
// seconds, and revisions made in the same second cannot be told apart by age.
func (w *world) newestPodIsASecondOld() bool {
	var pods corev1.PodList
	Expect(admin.List(w.ctx, &pods, client.InNamespace(w.namespace))).To(Succeed())
	for _, pod := range pods.Items {
		if time.Since(pod.CreationTimestamp.Time) < time.Second {
			return false
		}
	}
	return true
}

// allRunAndOneLeads waits until all Pods are Ready and opts in: who leads does not depend on who was first to be Ready.
func (w *world) allRunAndOneLeads() {
	GinkgoHelper()
	Eventually(w.allRun("1")).WithTimeout(time.Minute).Should(BeTrue())
	w.aService("my-app").create()
	Eventually(w.epoch("my-app")).Should(Equal("1"))
}

// rollsTo asserts that a rolling update moves the leader to a Pod of the new version, which is the how many-th leader.
func (w *world) rollsTo(epoch int, update func()) {
	GinkgoHelper()
	Eventually(w.newestPodIsASecondOld).Should(BeTrue())
	update()
	Eventually(w.allRun("2")).WithTimeout(time.Minute).Should(BeTrue())
	Eventually(func() string {
		leader := w.leader("my-app")()
		pod := &corev1.Pod{}
		if len(leader) != 1 || admin.Get(w.ctx, w.key(leader[0]), pod) != nil {
			return ""
		}
		return pod.Spec.Containers[0].Image
	}).Should(Equal("app:2"))
	Consistently(w.epoch("my-app")).WithTimeout(500 * time.Millisecond).Should(Equal(strconv.Itoa(epoch)))
}

func (w *world) rollStatefulSet() {
	GinkgoHelper()
	change(w, &appsv1.StatefulSet{}, "my-app", func(s *appsv1.StatefulSet) { s.Spec.Template = template("2") })
}

var _ = Describe("Rolling updates (contract 3, rollout-aware)", func() {
	It("move the leader of a Deployment of 5 exactly once", func() {
		w := newWorld()
		w.drivePods()
		Expect(admin.Create(w.ctx, w.deployment(intstr.FromInt32(0)))).To(Succeed())
		w.allRunAndOneLeads()
		w.rollsTo(2, func() {
			change(w, &appsv1.Deployment{}, "my-app", func(d *appsv1.Deployment) { d.Spec.Template = template("2") })
		})
	})

	It("move the leader of a StatefulSet of 5 exactly once", func() {
		w := newWorld()
		w.drivePods()
		Expect(admin.Create(w.ctx, w.statefulSet())).To(Succeed())
		w.allRunAndOneLeads()
		w.rollsTo(2, w.rollStatefulSet)
	})

	It("move the leader twice where it is the very first Pod that a StatefulSet replaces: no new one is there yet", func() {
		w := newWorld()
		w.drivePods()
		Expect(admin.Create(w.ctx, w.statefulSet())).To(Succeed())
		w.allRunAndOneLeads()
		w.annotate("my-app", contract.AnnotationPreferredLeader, "my-app-4")
		w.switched("my-app", "my-app-4", 2, contract.ReasonPreferred)
		w.unannotate("my-app", contract.AnnotationPreferredLeader)
		w.rollsTo(4, w.rollStatefulSet)
	})
})
