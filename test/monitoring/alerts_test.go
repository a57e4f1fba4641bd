package monitoring

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// till are the labels of the shop's Service.
var till = map[string]string{"namespace": shop, "service": "till"}

var _ = Describe("An alert of a Service fires and ends in Alertmanager:", func() {
	It("ZenLeadNoEligiblePod, its Pods are not ready", Label("short"), func() {
		startPod("a")
		makeService("till", nil)
		Eventually(leader).WithArguments("till").Should(Equal("a"))
		setReady("a", false)
		firing("ZenLeadNoEligiblePod", till)
		setReady("a", true)
		ends("ZenLeadNoEligiblePod", till)
	})

	It("ZenLeadLeaderFlapping, two Pods take turns", func() {
		startPod("a")
		startPod("b")
		service := makeService("till", nil)
		Eventually(leader).WithArguments("till").ShouldNot(BeEmpty())
		for i := range 12 {
			preferred := []string{"a", "b"}[i%2]
			annotate(service, contract.AnnotationPreferredLeader, preferred)
			Eventually(leader).WithArguments("till").Should(Equal(preferred))
			time.Sleep(time.Second) // Prometheus must have looked
		}
		firing("ZenLeadLeaderFlapping", till)
		ends("ZenLeadLeaderFlapping", till)
	})

	It("ZenLeadNameConflict, somebody has the name", func() {
		startPod("a")
		taken := makeForeignService("till-leader")
		makeService("till", nil)
		firing("ZenLeadNameConflict", till)
		Expect(admin.Delete(ctx, taken)).To(Succeed())
		ends("ZenLeadNameConflict", till)
	})

	It("ZenLeadInvalidAnnotation, a typing error", func() {
		startPod("a")
		service := makeService("till", map[string]string{contract.AnnotationSticky: "yes please"})
		firing("ZenLeadInvalidAnnotation", till)
		annotate(service, contract.AnnotationSticky, "true")
		ends("ZenLeadInvalidAnnotation", till)
	})

	It("ZenLeadPortUnresolved, no container has the port", func() {
		startPod("a")
		service := makeService("till", nil, func(spec *corev1.ServiceSpec) { spec.Ports[0].TargetPort = intstr.FromString("htpp") })
		firing("ZenLeadPortUnresolved", till)
		service.Spec.Ports[0].TargetPort = intstr.FromString("http")
		Expect(admin.Update(ctx, service)).To(Succeed())
		ends("ZenLeadPortUnresolved", till)
	})
})

var _ = Describe("An alert of the operator fires and ends in Alertmanager:", func() {
	installed := map[string]string{"namespace": operatorNamespace}

	It("ZenLeadOperatorAbsent, it is scaled to nothing", func() {
		scale(0)
		firing("ZenLeadOperatorAbsent", nil)
		scale(2)
		ends("ZenLeadOperatorAbsent", nil)
		Eventually(targetsUp).Should(Equal(2.0))
	})

	It("ZenLeadCertificateNearExpiry, it is not renewed in time; then it is, and taken over as it comes", func() {
		giveCertificate(24 * time.Hour)
		firing("ZenLeadCertificateNearExpiry", installed)
		giveCertificate(365 * 24 * time.Hour)
		ends("ZenLeadCertificateNearExpiry", installed)
		Eventually(targetsUp).Should(Equal(2.0))
	})

	It("ZenLeadNoActingReplica and ZenLeadTakeovers, its right to the Lease was taken away", func() {
		startPod("a")
		startPod("b")
		makeService("till", nil)
		Eventually(leader).WithArguments("till").ShouldNot(BeEmpty())
		role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: "zen-lead-leader-election"}}
		restore := narrow(role, &role.Rules, func([]rbacv1.PolicyRule) []rbacv1.PolicyRule { return nil })
		firing("ZenLeadNoActingReplica", installed)
		keepFailing("till", 25*time.Second)
		firing("ZenLeadTakeovers", installed)
		restore()
		ends("ZenLeadNoActingReplica", installed)
		ends("ZenLeadTakeovers", installed)
	})

	It("ZenLeadReconcileErrors and ZenLeadAPIWritesFailing, its right to update EndpointSlices was taken away", func() {
		startPod("a")
		startPod("b")
		makeService("till", nil)
		Eventually(leader).WithArguments("till").ShouldNot(BeEmpty())
		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "zen-lead-manager"}}
		restore := narrow(role, &role.Rules, func(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
			for i := range rules {
				if slices.Contains(rules[i].Resources, "endpointslices") {
					rules[i].Verbs = []string{"get", "list", "watch"}
				}
			}
			return rules
		})
		former := leader("till")
		stop := keepTouching("till") // tries become rarer by themselves, and a window is only five seconds
		setReady(former, false)
		firing("ZenLeadReconcileErrors", installed)
		firing("ZenLeadAPIWritesFailing", map[string]string{"namespace": operatorNamespace, "kind": "EndpointSlice", "verb": "update"})
		stop()
		restore()
		ends("ZenLeadReconcileErrors", installed)
		ends("ZenLeadAPIWritesFailing", installed)
		Eventually(leader).WithArguments("till").ShouldNot(Equal(former))
	})

	It("ZenLeadWorkQueueSaturated and ZenLeadFailoverSlow, a webhook takes two seconds for each write", func() {
		startPod("a")
		startPod("b")
		const services = 300
		for i := range services {
			makeService("till-"+strconv.Itoa(i), map[string]string{contract.AnnotationPreferredLeader: "a"})
		}
		Eventually(leader).WithTimeout(2 * deadline).WithArguments(fmt.Sprintf("till-%d", services-1)).ShouldNot(BeEmpty())
		mend := slowDown()
		setReady("a", false)
		firing("ZenLeadWorkQueueSaturated", installed)
		firing("ZenLeadFailoverSlow", map[string]string{"severity": "warning", "namespace": operatorNamespace})
		firing("ZenLeadFailoverSlow", map[string]string{"severity": "critical", "namespace": operatorNamespace})
		mend()
		ends("ZenLeadWorkQueueSaturated", installed)
		ends("ZenLeadFailoverSlow", installed)
	})
})

// narrow takes rights away: it has a role, Role or ClusterRole, read, and its rules changed, until they are restored.
func narrow(role client.Object, rules *[]rbacv1.PolicyRule, change func([]rbacv1.PolicyRule) []rbacv1.PolicyRule) (restore func()) {
	GinkgoHelper()
	read := func() { Expect(admin.Get(ctx, client.ObjectKeyFromObject(role), role)).To(Succeed()) }
	write := func() { Expect(admin.Update(ctx, role)).To(Succeed()) }
	read()
	whole := make([]rbacv1.PolicyRule, len(*rules))
	for i := range *rules {
		(*rules)[i].DeepCopyInto(&whole[i])
	}
	*rules = change(*rules)
	write()
	restore = func() {
		read()
		*rules = whole
		write()
	}
	DeferCleanup(restore)
	return restore
}

// scale changes the number of the operator's replicas.
func scale(replicas int32) {
	GinkgoHelper()
	deployment, err := clients.AppsV1().Deployments(operatorNamespace).Get(ctx, "zen-lead", metav1.GetOptions{})
	Expect(err).NotTo(HaveOccurred())
	deployment.Spec.Replicas = ptr.To(replicas)
	_, err = clients.AppsV1().Deployments(operatorNamespace).Update(ctx, deployment, metav1.UpdateOptions{})
	Expect(err).NotTo(HaveOccurred())
}

// keepFailing has one leader of a Service after the other fail.
func keepFailing(service string, duration time.Duration) {
	GinkgoHelper()
	for until := time.Now().Add(duration); time.Now().Before(until); {
		former := leader(service)
		setReady(former, false)
		Eventually(leader).WithArguments(service).ShouldNot(Equal(former))
		setReady(former, true)
		Eventually(func() bool { return isReady(former) }).Should(BeTrue())
	}
}

// keepTouching changes a Service again and again, in ways that say nothing, until it is stopped.
func keepTouching(name string) (stop func()) {
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: shop, Name: name}}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer GinkgoRecover()
		defer close(ended)
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			case <-time.After(200 * time.Millisecond):
				annotate(service, "example.org/touched", strconv.Itoa(i))
			}
		}
	}()
	return func() { close(done); <-ended }
}
