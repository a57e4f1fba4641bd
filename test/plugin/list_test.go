package plugin

import (
	"encoding/json"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

var _ = Describe("list", func() {
	It("shows who leads, where, since when and why", func() {
		w := newLedWorld()
		Expect(w.says("list")).To(MatchRegexp(`^SERVICE +LEADER +NODE +SINCE +EPOCH +CANDIDATES +REASON +TROUBLE\n` +
			`my-app +my-app-0 +node-a +\d+s +1 +3/3 +Elected +<none>\n$`))
		Expect(w.says("list", "--no-headers")).To(HavePrefix("my-app "))
		Expect(w.says("list", "-o", "name")).To(Equal("service/my-app\n"))
		Expect(w.says("list", "-o", "wide")).To(MatchRegexp(`LEADER-SERVICE +CLUSTER-IP +ADDRESS\n.*my-app-leader +10\.96\S+ +10\.244\S+\n$`))
		Expect(w.says("list", "-A")).To(And(HavePrefix("NAMESPACE "), MatchRegexp(`(?m)^`+w.namespace+` +my-app +my-app-0 `)))
	})

	It("prints JSON, YAML and what a template makes of them", func() {
		w := newLedWorld()
		for format, parse := range map[string]func([]byte, any) error{
			"json": json.Unmarshal, "yaml": func(text []byte, into any) error { return yaml.Unmarshal(text, into) },
		} {
			var list map[string]any
			Expect(parse([]byte(w.says("list", "-o", format)), &list)).To(Succeed())
			Expect(list).To(And(HaveKeyWithValue("kind", "LeaderServiceList"), HaveKeyWithValue("apiVersion", "plugin.zen-lead.io/v1")))
			Expect(list["items"]).To(HaveExactElements(And(
				HaveKeyWithValue("service", "my-app"), HaveKeyWithValue("leaderService", "my-app-leader"), HaveKeyWithValue("epoch", BeNumerically("==", 1)),
				HaveKeyWithValue("trouble", BeEmpty()), HaveKeyWithValue("since", Not(BeEmpty())), HaveKeyWithValue("reason", "Elected"),
				HaveKeyWithValue("leader", And(HaveKeyWithValue("pod", "my-app-0"), HaveKeyWithValue("node", "node-a"), HaveKeyWithValue("ready", true))))))
		}
		Expect(w.says("list", "-o", "jsonpath={.items[*].leader.pod}")).To(Equal("my-app-0"))
		Expect(w.says("list", "-o", "go-template={{range .items}}{{.epoch}}{{end}}")).To(Equal("1"))
	})

	It("says that a namespace does not exist, and fails", func() {
		w := newQuietWorld()
		Expect(w.zenLead("list", "-n", "nowhere")).To(Equal(result{Code: 1, Err: "error: there is no namespace \"nowhere\"\n"}))
		Expect(w.zenLead("list", "-n", "nowhere", "-o", "json")).To(Equal(result{Code: 1, Err: "error: there is no namespace \"nowhere\"\n"}))
	})

	It("says that there are none", func() {
		w := newQuietWorld()
		Expect(w.zenLead("list")).To(Equal(result{Err: "No leader Services found in namespace " + w.namespace + ".\n"}))
		Expect(w.says("list", "-o", "jsonpath={.items}")).To(Equal("[]"))
	})

	It("refuses what is no command line, with an exit code of its own", func() {
		w := newQuietWorld()
		for _, arguments := range [][]string{{"list", "-o", "banana"}, {"list", "--banana"}, {"list", "banana"}, {"banana"}, {"explain"}, {"switch", "a", "b", "c"},
			{"switch", "a", "--timeout", "0s"}, {"enable", "a", "--dry-run=perhaps"}, {"watch", "a", "-A"}, {"enable", "a", "-o", "wide"}} {
			Expect(w.zenLead(arguments...)).To(And(HaveField("Code", 2), HaveField("Out", ""), HaveField("Err", HavePrefix("error: "))), "%v", arguments)
		}
	})

	It("fails if the API server cannot be reached", func() {
		w := newQuietWorld()
		Expect(w.zenLead("list", "-s", "https://127.0.0.1:1")).To(And(HaveField("Code", 1), HaveField("Err", MatchRegexp("^error: reading Services: .*refused"))))
		nowhere := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
		Expect(w.zenLead("list", "--kubeconfig", nowhere)).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring(nowhere))))
		Expect(os.WriteFile(nowhere, []byte("{"), 0o600)).To(Succeed())
		Expect(w.zenLead("list", "--kubeconfig", nowhere)).To(HaveField("Code", 1))
	})
})

// service is one that can have a leader Service, and asks for one.
func (w *world) service(name string, change func(*corev1.Service)) *corev1.Service {
	GinkgoHelper()
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name, Annotations: map[string]string{contract.AnnotationEnabled: "true"}},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Port: 80}}},
	}
	change(service)
	Expect(admin.Create(w.ctx, service)).To(Succeed())
	return service
}

var _ = Describe("Trouble", func() {
	trouble := func(w *world, service string) func() string {
		return func() string {
			return w.says("list", "-o", `jsonpath={range .items[?(@.service=="`+service+`")].trouble[*]}{.reason}: {.note}{"\n"}{end}`)
		}
	}

	It("is that nobody can lead, and which rule each Pod fails", func() {
		w := newLedWorld()
		Expect(w.pods.Finish(w.ctx, "my-app-0")).To(Succeed())
		Expect(w.pods.SetReady(w.ctx, "my-app-1", false)).To(Succeed())
		Expect(w.pods.SetReady(w.ctx, "my-app-2", false)).To(Succeed())
		Eventually(w.leader("my-app")).Should(BeEmpty())
		Eventually(trouble(w, "my-app")).Should(Equal("NoEligiblePod: No eligible Pod: my-app-0 Finished, my-app-1 NotReady, my-app-2 NotReady\n"))
		Expect(w.says("list")).To(MatchRegexp(`my-app +<none> +<none> +\d+s +\d +0/3 +NotReady +NoEligiblePod`))
	})

	It("is a value that is not valid", func() {
		w := newLedWorld()
		w.annotate("my-app", contract.AnnotationSticky, "perhaps", contract.AnnotationPaused, "")
		w.annotate("my-app", contract.AnnotationStrategy, "best")
		Expect(trouble(w, "my-app")()).To(Equal("InvalidAnnotation: zen-lead.io/sticky: \"perhaps\" is not valid: must be \"true\" or \"false\"\n" +
			"InvalidAnnotation: zen-lead.io/strategy: \"best\" is not valid: must be rollout-aware or oldest-ready\n"))
		Expect(w.says("list")).To(HaveSuffix("InvalidAnnotation(2)\n"))
	})

	It("is a Service that cannot have a leader Service, and one that is not quite opted in", func() {
		w := newWorld()
		w.service("blind", func(s *corev1.Service) { s.Spec.Selector = nil })
		w.service("hesitant", func(s *corev1.Service) { s.Annotations[contract.AnnotationEnabled] = "yes" })
		w.service("out", func(s *corev1.Service) { s.Annotations[contract.AnnotationEnabled] = "false" })
		Expect(trouble(w, "blind")()).To(Equal("UnsupportedService: a Service without a selector has no Pods to choose from\n"))
		Expect(trouble(w, "hesitant")()).To(HavePrefix(`InvalidAnnotation: zen-lead.io/enabled: "yes" is not valid`))
		Expect(w.says("list", "-o", "name")).To(Equal("service/blind\nservice/hesitant\n"))
	})

	It("is somebody else's Service of the leader Service's name", func() {
		w := newWorld()
		w.service("my-app-leader", func(s *corev1.Service) { s.Annotations = nil })
		w.service("my-app", func(*corev1.Service) {})
		Eventually(trouble(w, "my-app")).Should(ContainSubstring("NameConflict: Service my-app-leader exists and was not made by zen-lead for Service my-app"))
		Expect(trouble(w, "my-app")()).NotTo(ContainSubstring("Pending"))
	})

	It("is a port that a Pod does not have", func() {
		w := newWorld()
		w.service("my-app", func(s *corev1.Service) { s.Spec.Ports[0].TargetPort = intstr.FromString("web") })
		Expect(w.pods.Make(w.ctx, "my-app-0")).To(Succeed())
		Eventually(trouble(w, "my-app")).Should(Equal("PortUnresolved: Target port \"web\" is no named port of 1 of the selected Pods; they cannot lead\n" +
			"NoEligiblePod: No eligible Pod: my-app-0 PortUnresolved\n"))
		Expect(w.says("explain", "my-app")).To(ContainSubstring("PortUnresolved: it has no port named web"))
	})

	It("is that what is to be done has not been, because no operator is at work", func() {
		w := newQuietWorld()
		stop := w.startOperator()
		w.makeLed("my-app")
		Consistently(trouble(w, "my-app")).WithTimeout(200 * 1e6).Should(BeEmpty())
		stop()
		Expect(w.pods.SetReady(w.ctx, "my-app-0", false)).To(Succeed())
		Expect(trouble(w, "my-app")()).To(Equal("Pending: my-app-1 is to lead, and the EndpointSlice has yet to say so\n"))
		w.annotate("my-app", contract.AnnotationLeaderServiceName, "elsewhere")
		Expect(trouble(w, "my-app")()).To(Equal("Pending: The leader Service my-app-leader has yet to be renamed to elsewhere\n"))
		w.annotate("my-app", contract.AnnotationEnabled, "")
		Expect(trouble(w, "my-app")()).To(Equal("Pending: The leader Service my-app-leader is to be removed, and is still there\n"))
		w.service("another", func(*corev1.Service) {})
		Expect(trouble(w, "another")()).To(ContainSubstring("Pending: The leader Service another-leader has yet to be made\n"))
	})
})
