package apiserver

import (
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

var (
	longestServiceName = strings.Repeat("s", 63)
	longestPodName     = strings.Repeat("p", 253)
)

// many are so many labels with the longest keys and values.
func many(count int) map[string]string {
	labels := map[string]string{}
	for i := range count {
		labels[fmt.Sprintf("example.com/%063d", i)] = strings.Repeat("v", 63)
	}
	return labels
}

var _ = Describe("At the API's limits the leader Service is right (contract 2): a Service", func() {
	It("with the longest names, of it, its leader Service, its Pod and its ports", func() {
		w := newWorld()
		leaderName, portName := strings.Repeat("l", 63), strings.Repeat("o", 63)
		w.aService(longestServiceName).with(contract.AnnotationLeaderServiceName, leaderName).
			ports(corev1.ServicePort{Name: portName, Port: 65535, TargetPort: intstr.FromString("abcdefghijklmno")}).create()
		w.aPod(longestServiceName, longestPodName).containers(container(named("abcdefghijklmno", 65535))).create()
		w.routes(leaderName, longestPodName, 1)
		Expect(*w.slice(leaderName + "-ipv4").Ports[0].Name).To(Equal(portName))
		Eventually(w.eventsOf(longestServiceName, contract.EventLeaderElected)).Should(ConsistOf(ContainSubstring(longestPodName)))
		Eventually(w.events("Pod", longestPodName)).Should(HaveLen(1))

		By("failing over to another one of that length")
		successor := strings.Repeat("q", 253)
		w.aPod(longestServiceName, successor).containers(container(named("abcdefghijklmno", 65535))).create()
		w.setReady(longestPodName, false)
		w.routes(leaderName, successor, 2)
		Eventually(w.eventsOf(longestServiceName, contract.EventLeaderChanged)).Should(
			ConsistOf(And(ContainSubstring(longestPodName), ContainSubstring(successor), ContainSubstring("epoch 2"))))
	})

	It("with 1,000 labels and 256 KiB of annotations, of which none is copied", func() {
		w := newWorld()
		service := w.aService("my-app")
		service.service.Labels = many(1000)
		fillAnnotations(service.service)
		service.createLed("a")
		made := w.service("my-app-leader")
		Expect(made.Labels).To(HaveLen(3))
		Expect(len(made.Annotations)).To(BeNumerically("<=", len(contract.Written())))
	})

	It("with 100 ports of three protocols, named and numbered", func() {
		w := newWorld()
		var ports []corev1.ServicePort
		var containerPorts []corev1.ContainerPort
		var expected []string
		for i := range int32(100) {
			protocol := []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}[i%3]
			name, target := fmt.Sprintf("port-%d", i), intstr.FromInt32(10000+i)
			if i%2 == 0 {
				target = intstr.FromString(fmt.Sprintf("target-%d", i))
				containerPorts = append(containerPorts, corev1.ContainerPort{Name: target.StrVal, ContainerPort: 10000 + i, Protocol: protocol})
			}
			ports = append(ports, corev1.ServicePort{Name: name, Port: 1 + i, Protocol: protocol, TargetPort: target})
			expected = append(expected, fmt.Sprintf("%s %d/%s", name, 10000+i, protocol))
		}
		w.aPod("my-app", "a").containers(container(containerPorts...)).create()
		w.aService("my-app").ports(ports...).create()
		w.switched("my-app", "a", 1, contract.ReasonElected)
		w.portsFollow()
		w.slicePortsFollow(expected...)
	})

	It("with ports by the thousand", func() {
		w := newWorld()
		service := w.aService("my-app").ports()
		for i := range int32(2000) {
			service.service.Spec.Ports = append(service.service.Spec.Ports, port(fmt.Sprintf("p%d", i), 1+i, intstr.FromInt32(1+i)))
		}
		w.aPod("my-app", "a").create()
		service.create()
		Eventually(w.leader("my-app")).WithTimeout(time.Minute).Should(Equal([]string{"a"}), "the API server takes its time for so many")
		Expect(w.service("my-app-leader").Spec.Ports).To(HaveLen(2000))
		Expect(w.slice("my-app-leader-ipv4").Ports).To(HaveLen(2000))
	})

	It("with a selector of 100 labels, which Pods with 1,000 have", func() {
		w := newWorld()
		w.aService("my-app").spec(func(s *corev1.ServiceSpec) {
			s.Selector = many(100)
			s.Selector["app"] = "my-app"
		}).create()
		for _, name := range []string{"a", "b"} {
			pod := w.aPod("my-app", name)
			for key, value := range many(1000) {
				pod.labelled(key, value)
			}
			pod.create()
		}
		w.aPod("my-app", "without").create()
		Eventually(w.metric("zen_lead_candidates", "service=my-app")).Should(BeNumerically("==", 2))
		w.failsOver("my-app")
	})

	It("with hundreds of Pods with long names, of which none can lead: the Event is shortened", func() {
		w := newWorld()
		const pods = 300
		for i := range pods {
			w.aPod("my-app", fmt.Sprintf("%0253d", i)).notReady().create()
		}
		w.aService("my-app").create()
		Eventually(w.eventsOf("my-app", contract.EventNoEligiblePod)).Should(ConsistOf(And(
			HavePrefix("No eligible Pod: "), ContainSubstring("NotReady"), HaveSuffix("..."))))
		chosen := fmt.Sprintf("%0253d", pods/2)
		w.setReady(chosen, true)
		w.routes("my-app-leader", chosen, 1)
	})
})

var _ = Describe("What the API server refuses (contract 4)", func() {
	It("keeps the one of the former name going, which fails over meanwhile", func() {
		w := newLedWorld()
		w.aPod("my-app", "b").create()
		quota := w.fullQuota()
		change(w, &corev1.Service{}, "my-app", func(s *corev1.Service) { s.Annotations[contract.AnnotationLeaderServiceName] = "renamed" })
		Eventually(w.eventsOf("my-app", contract.EventUnsupportedService)).Should(ConsistOf(ContainSubstring("exceeded quota")))
		w.failsOver("my-app") // there is no standby
		Eventually(w.status("my-app-leader", contract.AnnotationLeaderEpoch)).Should(Equal("2"))
		Expect(admin.Delete(w.ctx, quota)).To(Succeed())
		Eventually(w.exists(&corev1.Service{}, "renamed")).WithTimeout(time.Minute).Should(BeTrue())
		Eventually(w.exists(&corev1.Service{}, "my-app-leader")).Should(BeFalse())
		Expect(w.slice("renamed-ipv4").Annotations).To(HaveKeyWithValue(contract.AnnotationLeaderEpoch, "2"))
	})

	It("for want of quota is told once, and made when there is room", func() {
		w := newWorld()
		w.aPod("my-app", "a").create()
		w.aService("my-app").notOptedIn().create()
		quota := w.fullQuota()
		w.annotate("my-app", contract.AnnotationEnabled, "true")
		refused := ConsistOf(And(ContainSubstring("refuses creating Service"), ContainSubstring("exceeded quota"), Not(ContainSubstring("times"))))
		Eventually(w.eventsOf("my-app", contract.EventUnsupportedService)).Should(refused)
		w.aPod("my-app", "b").create()
		w.annotate("my-app", contract.AnnotationSticky, "false")
		Consistently(w.eventsOf("my-app", contract.EventUnsupportedService)).WithTimeout(time.Second).Should(refused)
		Expect(admin.Delete(w.ctx, quota)).To(Succeed())
		Eventually(w.leader("my-app")).WithTimeout(time.Minute).Should(HaveLen(1))
	})

	It("as not valid is told once and not written again for long, unless something changes", func() {
		needs("ValidatingAdmissionPolicies", "1.30")
		w := newQuietWorld()
		forbid := w.refuseLeaderServices()
		w.startOperator()
		w.aPod("my-app", "a").create()
		w.aService("my-app").create()
		Eventually(w.eventsOf("my-app", contract.EventUnsupportedService)).Should(ConsistOf(ContainSubstring("no leader Services here")))
		creations := func() int {
			count := 0
			for _, write := range w.writes() {
				if write == "create services my-app-leader" {
					count++
				}
			}
			return count
		}
		w.settled("my-app")
		before := creations()
		Consistently(creations).WithTimeout(3 * time.Second).WithPolling(100 * time.Millisecond).Should(Equal(before))
		Expect(before).To(BeNumerically("<=", 3), "one for each change")
		Expect(w.eventsOf("my-app", contract.EventUnsupportedService)()).To(ConsistOf(Not(ContainSubstring("times"))))

		for _, object := range forbid {
			Expect(admin.Delete(w.ctx, object)).To(Succeed())
		}
		Eventually(w.mayCreateLeaderService).WithTimeout(time.Minute).Should(BeTrue())
		w.annotate("my-app", contract.AnnotationSticky, "false")
		w.switched("my-app", "a", 1, contract.ReasonElected)
	})
})

// fullQuota makes a quota that has no room for another Service. Nothing counts them here: the controller that would does not run.
func (w *world) fullQuota() *corev1.ResourceQuota {
	GinkgoHelper()
	one := corev1.ResourceList{corev1.ResourceServices: resource.MustParse("1")}
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "services"}, Spec: corev1.ResourceQuotaSpec{Hard: one}}
	Expect(admin.Create(w.ctx, quota)).To(Succeed())
	quota.Status = corev1.ResourceQuotaStatus{Hard: one, Used: one}
	Expect(admin.Status().Update(w.ctx, quota)).To(Succeed())
	Eventually(func() error {
		return admin.Create(w.ctx, w.aService("probe").notOptedIn().service, client.DryRunAll)
	}).WithTimeout(time.Minute).Should(MatchError(ContainSubstring("exceeded quota")))
	return quota
}

// refuseLeaderServices has the API server say of leader Services in the world's namespace that they are not valid.
func (w *world) refuseLeaderServices() []client.Object {
	GinkgoHelper()
	invalid := metav1.StatusReasonInvalid
	policy := &admissionv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}, Spec: admissionv1.ValidatingAdmissionPolicySpec{
		MatchConstraints: w.matching("", "services", admissionv1.Create),
		Validations: []admissionv1.Validation{{
			Expression: "!object.metadata.name.endsWith('-leader')", Message: "no leader Services here", Reason: &invalid,
		}},
	}}
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: w.namespace},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: w.namespace, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
		},
	}
	w.createForNow(policy, binding)
	Eventually(w.mayCreateLeaderService).WithTimeout(time.Minute).Should(BeFalse())
	return []client.Object{binding, policy}
}

func (w *world) mayCreateLeaderService() bool {
	probe := w.aService("probe-leader").notOptedIn().service
	return admin.Create(w.ctx, probe, client.DryRunAll) == nil
}
