package apiserver

import (
	"encoding/json"
	nethttp "net/http"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

// secret is in everything that is not the operator's business.
const secret = "s3cr3t-0f-the-application"

// tokenKubeconfig writes a kubeconfig with the token of a service account that has the operator's rights.
func (w *world) tokenKubeconfig() (path, token string) {
	GinkgoHelper()
	token = w.token("operator")
	user := "system:serviceaccount:" + w.namespace + ":operator"
	roles, err := controlplane.OperatorRoles()
	Expect(err).NotTo(HaveOccurred())
	for role, namespace := range map[string]string{
		controlplane.RoleWatched: w.namespace, controlplane.RoleSystem: w.namespace, controlplane.RoleClusterWide: "",
	} {
		Expect(plane.Grant(w.ctx, user, namespace, w.namespace+"-operator-"+role, roles[role])).To(Succeed())
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["c"] = &clientcmdapi.Cluster{Server: plane.Config.Host, CertificateAuthorityData: plane.Config.CAData}
	config.AuthInfos["u"] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts["x"] = &clientcmdapi.Context{Cluster: "c", AuthInfo: "u"}
	config.CurrentContext = "x"
	path = filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(clientcmd.WriteToFile(*config, path)).To(Succeed())
	return path, token
}

// aSecretApplication puts what nobody may log into a Service and its Pods.
func (w *world) aSecretApplication() {
	GinkgoHelper()
	w.aService("my-app").with("vendor.example/password", secret).with(corev1.LastAppliedConfigAnnotation, `{"password":"`+secret+`"}`).
		labelled("token", secret).create()
	for _, name := range []string{"a", "b"} {
		pod := w.aPod("my-app", name).labelled("token", secret).containers(corev1.Container{
			Name: "app", Image: "app", Args: []string{secret}, Env: []corev1.EnvVar{{Name: "PASSWORD", Value: secret}},
		})
		pod.pod.Annotations = map[string]string{"vendor.example/password": secret}
		pod.create()
		w.setStatus(name, func(s *corev1.PodStatus) { s.Reason, s.Message = secret, "\x1b[31m"+secret+"\n" })
	}
}

// restlessLife has happen to my-app what is logged, with hostile values wherever somebody can put them.
func (w *world) restlessLife() {
	GinkgoHelper()
	Eventually(w.leader("my-app")).Should(HaveLen(1))
	for _, value := range hostileValues {
		w.annotate("my-app", contract.AnnotationPreferredLeader, value)
		w.annotate("my-app", contract.AnnotationLeaderServiceName, value)
	}
	w.unannotate("my-app", contract.AnnotationLeaderServiceName)
	change(w, &corev1.Service{}, "my-app-leader", func(s *corev1.Service) {
		s.Annotations["vendor.example/password"], s.Annotations[contract.AnnotationLeaderPodName] = secret, hostileValues["terminal escapes"]
	})
	change(w, &discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", func(s *discoveryv1.EndpointSlice) {
		metav1.SetMetaDataAnnotation(&s.ObjectMeta, "vendor.example/password", secret)
		s.Annotations[contract.AnnotationLeaderPodName] = hostileValues["newlines"]
	})
	w.failsOver("my-app")
	w.aService("taken").notOptedIn().with("vendor.example/password", secret).create()
	w.annotate("my-app", contract.AnnotationLeaderServiceName, "taken")
	Eventually(w.eventsOf("my-app", contract.EventNameConflict)).ShouldNot(BeEmpty())
	w.unannotate("my-app", contract.AnnotationLeaderServiceName)
	w.failsOver("my-app")
}

var _ = Describe("The log at its highest level (SECURITY.md)", func() {
	DescribeTable("has one printable line for each thing, and neither tokens nor what Services and Pods contain", func(_ SpecContext, encoder string) {
		w := newQuietWorld()
		kubeconfig, token := w.tokenKubeconfig()
		scraper := w.token("scraper")
		w.allowScraping("scraper")
		flags := []string{"--zap-log-level=7", "--zap-encoder=" + encoder, "--takeover-delay=20ms"}
		first := w.startReplica(kubeconfig, flags...)
		Eventually(first.acts(scraper)).Should(BeTrue())
		second := w.startReplica(kubeconfig, flags...)
		Eventually(second.ready).Should(Equal(nethttp.StatusOK))
		w.aSecretApplication()
		w.restlessLife()

		By("a standby that reads Services and Pods itself, because the acting replica is frozen")
		first.signal(syscall.SIGSTOP)
		DeferCleanup(func() { _ = first.command.Process.Signal(syscall.SIGCONT) })
		w.failsOver("my-app")
		Eventually(second.says("zen_lead_takeovers_total 1", scraper)).Should(BeTrue())
		first.signal(syscall.SIGCONT)

		for _, replica := range []*replica{first, second} {
			replica.signal(syscall.SIGTERM)
			Eventually(replica.done).WithTimeout(30 * time.Second).Should(Receive())
			log := string(replica.log.Contents())
			Expect(log).To(ContainSubstring("my-app"))
			for _, hidden := range []string{secret, token, scraper, "Authorization", "BEGIN"} {
				Expect(strings.Contains(log, hidden)).To(BeFalse(), "the log has %.20s", hidden)
			}
			for line := range strings.Lines(log) {
				line = strings.TrimSuffix(line, "\n")
				Expect(isPrintable(strings.ReplaceAll(line, "\t", " "))).To(BeTrue(), "%q", line)
				Expect(len(line)).To(BeNumerically("<", 8<<10), "%.200s", line)
				if encoder == "json" {
					Expect(json.Valid([]byte(line))).To(BeTrue(), "%q", line)
				}
			}
		}
	},
		Entry("as JSON", "json", NodeTimeout(4*time.Minute)),
		Entry("for people", "console", NodeTimeout(4*time.Minute)),
	)

	It("has no level beyond, at which client-go would log the bodies of requests and answers", func(_ SpecContext) {
		kubeconfig := kubeconfigOf("nobody-either")
		w := newQuietWorld()
		replica := w.startReplica(kubeconfig, "--zap-log-level=8")
		Eventually(replica.done).Should(Receive(HaveOccurred()))
		Expect(string(replica.log.Contents())).To(Equal(
			"zen-lead: --zap-log-level must be at most 7: beyond, the log would have the contents of Services and Pods\n"))

	}, NodeTimeout(2*time.Minute))
})
