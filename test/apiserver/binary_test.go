package apiserver

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

// replica is a process of the operator's binary.
type replica struct {
	command         *exec.Cmd
	metrics, health string
	log             *gbytes.Buffer
	done            chan error
}

// freeAddress is a loopback address that nobody listens on.
func freeAddress() string {
	GinkgoHelper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer func() { Expect(listener.Close()).To(Succeed()) }()
	return listener.Addr().String()
}

// startReplica starts the binary as one of the operator's replicas in the test's namespace, unless the arguments say otherwise.
func (w *world) startReplica(kubeconfig string, arguments ...string) *replica {
	GinkgoHelper()
	r := &replica{metrics: freeAddress(), health: freeAddress(), log: gbytes.NewBuffer(), done: make(chan error, 1)}
	r.command = exec.Command(operatorBinary, append([]string{"--kubeconfig", kubeconfig, "--leader-election-namespace", w.namespace,
		"--metrics-bind-address", r.metrics, "--health-probe-bind-address", r.health}, arguments...)...)
	r.command.Env = append(os.Environ(), "WATCH_NAMESPACE="+w.namespace)
	r.command.Stderr = io.MultiWriter(GinkgoWriter, r.log)
	Expect(r.command.Start()).To(Succeed())
	go func() { r.done <- r.command.Wait() }()
	DeferCleanup(func() { _ = r.command.Process.Kill() })
	return r
}

// get fetches a URL with a bearer token, if there is one, and returns status and body.
func get(url, token string) (int, string) {
	request, err := nethttp.NewRequest(nethttp.MethodGet, url, nil)
	Expect(err).NotTo(HaveOccurred())
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	insecure := &nethttp.Client{Timeout: 5 * time.Second, Transport: &nethttp.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true, // the certificate is self-signed
	}}
	response, err := insecure.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(body)
}

func (r *replica) ready() int {
	status, _ := get("http://"+r.health+"/readyz", "")
	return status
}

// acts returns a poll of whether the replica says that it acts first.
func (r *replica) acts(token string) func() bool {
	return func() bool {
		_, body := get("https://"+r.metrics+"/metrics", token)
		return strings.Contains(body, "\nzen_lead_acting 1\n")
	}
}

// token makes a service account and returns a token of it.
func (w *world) token(name string) string {
	GinkgoHelper()
	clients, err := kubernetes.NewForConfig(plane.Config)
	Expect(err).NotTo(HaveOccurred())
	accounts := clients.CoreV1().ServiceAccounts(w.namespace)
	_, err = accounts.Create(w.ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	issued, err := accounts.CreateToken(w.ctx, name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	return issued.Status.Token
}

// allowScraping lets a service account read metrics.
func (w *world) allowScraping(account string) {
	GinkgoHelper()
	name := w.namespace + "-" + account
	Expect(admin.Create(w.ctx, &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Rules:      []rbacv1.PolicyRule{{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"get"}}},
	})).To(Succeed())
	Expect(admin.Create(w.ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: w.namespace, Name: account}},
	})).To(Succeed())
}

// kubeconfigOf writes a kubeconfig of a user.
func kubeconfigOf(user string) string {
	GinkgoHelper()
	_, config, err := plane.AddUser(user, controlplane.AuditedGroup)
	Expect(err).NotTo(HaveOccurred())
	kubeconfig := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(kubeconfig, config, 0o600)).To(Succeed())
	return kubeconfig
}

var _ = Describe("The operator's binary (contract 6)", func() {
	It("runs as two replicas of which one acts, serves metrics to those whom Kubernetes allows, and hands over when told to end", func(_ SpecContext) {
		w := newQuietWorld()
		grant(w.ctx, w.namespace, controlplane.RoleSystem)
		kubeconfig := kubeconfigOf(operatorUser)
		first := w.startReplica(kubeconfig)
		stranger, scraper := w.token("stranger"), w.token("scraper")
		w.allowScraping("scraper")
		Eventually(first.ready).Should(Equal(nethttp.StatusOK))
		Eventually(first.acts(scraper)).Should(BeTrue())

		By("metrics over TLS with authentication and authorization")
		url := "https://" + first.metrics + "/metrics"
		status, _ := get(url, "")
		Expect(status).To(Equal(nethttp.StatusUnauthorized))
		status, _ = get(url, stranger)
		Expect(status).To(Equal(nethttp.StatusForbidden))
		status, body := get(url, scraper)
		Expect(status).To(Equal(nethttp.StatusOK))
		Expect(body).To(ContainSubstring("zen_lead_build_info"))
		status, _ = get("http://"+first.metrics+"/metrics", scraper)
		Expect(status).NotTo(Equal(nethttp.StatusOK), "plain HTTP")

		By("a standby that is ready but does not act")
		second := w.startReplica(kubeconfig)
		Eventually(second.ready).Should(Equal(nethttp.StatusOK))
		Expect(second.acts(scraper)()).To(BeFalse())
		w.aService("my-app").create()
		w.aPod("my-app", "a").create()
		w.switched("my-app", "a", 1, contract.ReasonElected)
		_, body = get(url, scraper)
		Expect(body).To(ContainSubstring("workqueue_depth"), "controller-runtime's own metrics")
		Expect(body).To(ContainSubstring(`zen_lead_leader_info{namespace="` + w.namespace))
		_, body = get("https://"+second.metrics+"/metrics", scraper)
		Expect(body).NotTo(ContainSubstring("zen_lead_leader_info"), "a gauge is reported by one replica")

		By("the acting replica being told to end")
		Expect(first.command.Process.Signal(syscall.SIGTERM)).To(Succeed())
		Eventually(first.done).Should(Receive(Succeed()))
		Eventually(second.acts(scraper)).Should(BeTrue())
		w.aPod("my-app", "b").create()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
	}, NodeTimeout(3*time.Minute))

	It("ends when it is told to while it waits for what it has no right to see", func(_ SpecContext) {
		w := newQuietWorld()
		kubeconfig := kubeconfigOf("without-rights")
		replica := w.startReplica(kubeconfig)
		Eventually(replica.ready).Should(Equal(nethttp.StatusInternalServerError))
		Expect(replica.command.Process.Signal(syscall.SIGTERM)).To(Succeed())
		Eventually(replica.done).Should(Receive(Succeed()))
	}, NodeTimeout(2*time.Minute))

	It("ends with one clear line when the cluster cannot be reached", func(ctx SpecContext) {
		kubeconfig := kubeconfigOf(operatorUser)
		config, err := os.ReadFile(kubeconfig)
		Expect(err).NotTo(HaveOccurred())
		lost := regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(string(config), freeAddress())
		Expect(os.WriteFile(kubeconfig, []byte(lost), 0o600)).To(Succeed())
		output, err := exec.CommandContext(ctx, operatorBinary, "--kubeconfig", kubeconfig, "--leader-election-namespace=default").CombinedOutput()
		Expect(err).To(HaveOccurred())
		lines := strings.Split(strings.TrimSpace(string(output)), "\n")
		Expect(lines[len(lines)-1]).To(And(HavePrefix("zen-lead: "), ContainSubstring("connection refused")), fmt.Sprint(lines))
	}, NodeTimeout(2*time.Minute))
})
