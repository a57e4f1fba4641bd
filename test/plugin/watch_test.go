package plugin

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// at is a line of watch: the time and what follows.
func at(rest string) string { return `(?m)^\d\d:\d\d:\d\d\.\d{3} +` + rest }

var _ = Describe("watch", func() {
	It("shows what there is, and then each change, until Ctrl-C", func() {
		w := newLedWorld()
		watching := w.start("watch")
		Eventually(watching.out.String).Should(MatchRegexp(`^TIME +SERVICE +LEADER +`))
		Eventually(watching.out.String).Should(MatchRegexp(at(`my-app +my-app-0 +node-a +\d+s +1 +3/3 +Elected +<none>$`)))
		Expect(w.pods.SetReady(w.ctx, "my-app-0", false)).To(Succeed())
		Eventually(watching.out.String).Should(MatchRegexp(at(`my-app +my-app-1 +node-a +\d+s +2 +2/3 +NotReady +<none>$`)))
		w.service("another", func(*corev1.Service) {})
		Eventually(watching.out.String).Should(MatchRegexp(at(`another +<none> .*NoEligiblePod$`)))
		Expect(admin.Delete(w.ctx, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "another"}})).To(Succeed())
		Eventually(watching.out.String).Should(MatchRegexp(at(`another +<none> .*deleted$`)))
		lines := strings.Count(watching.out.String(), "\n")
		w.annotate("my-app", "somebody.else/knows", "what")
		Consistently(func() int { return strings.Count(watching.out.String(), "\n") }).WithTimeout(300*1e6).Should(Equal(lines), "nothing that it shows has changed")
		GinkgoWriter.Println(watching.out.String())
		watching.ctrlC()
		Expect(watching.end()).To(And(HaveField("Code", 0), HaveField("Err", "")))
	})

	It("watches one Service, and prints JSON", func() {
		w := newLedWorld()
		w.service("another", func(*corev1.Service) {})
		watching := w.start("watch", "my-app", "-o", `jsonpath={.service} {.leader.pod} {.epoch}{"\n"}`)
		Eventually(watching.out.String).Should(ContainSubstring("my-app my-app-0 1\n"))
		Expect(w.pods.Delete(w.ctx, "my-app-0")).To(Succeed())
		Eventually(watching.out.String).Should(ContainSubstring("my-app my-app-1 2\n"))
		Expect(watching.out.String()).NotTo(ContainSubstring("another"))
	})

	It("watches all namespaces", func() {
		w := newLedWorld()
		watching := w.start("watch", "-A")
		Eventually(watching.out.String).Should(MatchRegexp(at(w.namespace + ` +my-app +my-app-0 `)))
	})

	It("waits for the first one, but not in a namespace that does not exist, nor for a Service that is not there", func() {
		w := newWorld()
		Expect(w.zenLead("watch", "-n", "nowhere")).To(Equal(result{Code: 1, Err: "error: there is no namespace \"nowhere\"\n"}))
		Expect(w.zenLead("watch", "nothing")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring(`there is no Service "nothing"`))))
		watching := w.start("watch")
		Eventually(watching.err.String).Should(Equal("No leader Services yet.\n"))
		w.makeLed("my-app")
		Eventually(watching.out.String).Should(MatchRegexp(at(`my-app +my-app-0 .*3/3`)))
	})

	It("goes on when the API server was restarted", func() {
		w := newLedWorld()
		watching := w.start("watch")
		Eventually(watching.out.String).Should(MatchRegexp(at(`my-app +my-app-0 .*3/3`)))
		server, err := plane.Server()
		Expect(err).NotTo(HaveOccurred())
		Expect(server.Kill()).To(Succeed())
		Eventually(watching.err.String).Should(HavePrefix("The API server cannot be watched; trying again until it can: "))
		Expect(server.Start(w.ctx)).To(Succeed())
		Expect(server.Ready(w.ctx)).To(Succeed())
		Eventually(watching.err.String).Should(ContainSubstring("The API server answers again.\n"))
		Eventually(func() error { return w.pods.SetReady(w.ctx, "my-app-0", false) }).Should(Succeed())
		Eventually(watching.out.String).Should(MatchRegexp(at(`my-app +my-app-1 .* 2 +2/3 +NotReady`)))
		watching.ctrlC()
		Expect(watching.end()).To(HaveField("Code", 0))
	})

	It("shows that a leader is no longer eligible although nothing is done about it", func() {
		w := newLedWorld()
		w.annotate("my-app", contract.AnnotationPaused, "true")
		watching := w.start("watch")
		Eventually(watching.out.String).Should(MatchRegexp(at(`my-app +my-app-0 `)))
		Expect(w.pods.SetReady(w.ctx, "my-app-0", false)).To(Succeed())
		Eventually(watching.out.String).Should(MatchRegexp(at(`my-app +my-app-0 \(not ready\) .*NoEligiblePod$`)))
	})
})
