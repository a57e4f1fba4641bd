package e2e

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var _ = Describe("The operator's metrics", func() {
	It("are served over TLS, to those whom Kubernetes allows", func() {
		w := newWorld()
		reader, stranger := w.newToken("reader"), w.newToken("stranger")
		w.allowMetrics("reader")

		asked := func(scheme, token string) AsyncAssertion {
			return Eventually(askForMetrics).WithArguments(scheme, token)
		}
		asked("http", "").Should(HaveField("Status", http.StatusBadRequest), "no TLS")
		asked("https", "").Should(HaveField("Status", http.StatusUnauthorized), "no token")
		asked("https", "nonsense").Should(HaveField("Status", BeNumerically(">=", 400)), "no valid token") // controller-runtime says 500
		asked("https", stranger).Should(HaveField("Status", http.StatusForbidden), "no right")
		asked("https", reader).Should(And(
			HaveField("Status", http.StatusOK), HaveField("Body", MatchRegexp(`(?m)^zen_lead_build_info\{.*\} 1$`))))
	})
})

// newToken makes a ServiceAccount and returns a token of it.
func (w *world) newToken(serviceAccount string) string {
	GinkgoHelper()
	Expect(admin.Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: serviceAccount}})).To(Succeed())
	request, err := clients.CoreV1().ServiceAccounts(w.namespace).CreateToken(ctx, serviceAccount,
		&authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	return request.Status.Token
}

// allowMetrics lets a ServiceAccount read the metrics, as an administrator does for Prometheus.
func (w *world) allowMetrics(serviceAccount string) {
	GinkgoHelper()
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "zen-lead-e2e-", Labels: suiteObjects},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: metricsReader},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: w.namespace, Name: serviceAccount}},
	}
	Expect(admin.Create(ctx, binding)).To(Succeed())
	DeferCleanup(func() { Expect(client.IgnoreNotFound(admin.Delete(ctx, binding))).To(Succeed()) })
}

// answer is what came back.
type answer struct {
	Status int
	Body   string
}

// askForMetrics asks the metrics Service, with a token if there is one. The API server's proxy would not do: it keeps tokens to
// itself.
func askForMetrics(scheme, token string) (answer, error) {
	address, stop, err := forward(operatorNamespace, "service/"+metricsService, 8443)
	if err != nil {
		return answer{}, err
	}
	defer stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+address+"/metrics", nil)
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	// The operator signs its certificate itself where none is given.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport, Timeout: config.Timeout}).Do(request)
	if err != nil {
		return answer{}, err
	}
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, string(body)}, errors.Join(err, response.Body.Close())
}
