package plugin

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

var _ = Describe("enable and disable", func() {
	It("opt a Service in and out", func() {
		w := newWorld()
		w.service("my-app", func(s *corev1.Service) { s.Annotations = nil })
		Expect(w.pods.Make(w.ctx, "my-app-0")).To(Succeed())
		Expect(w.says("enable", "my-app")).To(Equal("service/my-app enabled\n"))
		Eventually(w.leader("my-app")).Should(Equal("my-app-0"))
		Expect(w.says("disable", "my-app")).To(Equal("service/my-app disabled\n"))
		Eventually(func() bool {
			return apierrors.IsNotFound(admin.Get(w.ctx, w.key("my-app-leader"), &corev1.Service{}))
		}).Should(BeTrue())
		Expect(w.annotation("my-app", contract.AnnotationEnabled)()).To(BeEmpty())
	})

	It("only say what they would do with --dry-run", func() {
		w := newQuietWorld()
		w.service("my-app", func(s *corev1.Service) { s.Annotations = nil })
		enabled := w.annotation("my-app", contract.AnnotationEnabled)
		Expect(w.says("enable", "my-app", "--dry-run=client")).To(Equal("service/my-app enabled (dry run)\n"))
		Expect(w.says("enable", "my-app", "--dry-run=server")).To(Equal("service/my-app enabled (server dry run)\n"))
		for _, mode := range []string{"client", "server"} {
			Expect(w.says("enable", "my-app", "--dry-run="+mode, "-o", "yaml")).To(And(
				ContainSubstring("kind: Service\n"), ContainSubstring(`zen-lead.io/enabled: "true"`)))
			Expect(enabled()).To(BeEmpty())
		}
		Expect(w.says("enable", "my-app", "-o", "name")).To(Equal("service/my-app\n"))
		Expect(enabled()).To(Equal("true"))
		Expect(w.says("disable", "my-app", "--dry-run=client")).To(Equal("service/my-app disabled (dry run)\n"))
		Expect(w.says("disable", "my-app", "--dry-run=server", "-o", "jsonpath={.metadata.annotations}")).To(BeEmpty())
		Expect(enabled()).To(Equal("true"))
	})

	It("refuse what could have no leader Service", func() {
		w := newLedWorld()
		w.service("blind", func(s *corev1.Service) { s.Annotations, s.Spec.Selector = nil, nil })
		w.service("nameless", func(s *corev1.Service) {
			s.Annotations = map[string]string{contract.AnnotationLeaderServiceName: "No Name"}
		})
		for service, says := range map[string]string{
			"blind":         "a Service without a selector has no Pods to choose from",
			"nameless":      `zen-lead.io/leader-service-name: "No Name" is not valid`,
			"my-app-leader": "my-app-leader is the leader Service of my-app",
			"nothing":       `there is no Service "nothing"`,
		} {
			Expect(w.zenLead("enable", service)).To(And(HaveField("Code", 1), HaveField("Out", ""), HaveField("Err", ContainSubstring(says))))
		}
		Expect(w.zenLead("disable", "my-app-leader")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("is the leader Service of my-app, which"))))
	})
})
