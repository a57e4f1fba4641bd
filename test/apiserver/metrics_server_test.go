package apiserver

import (
	"context"
	"crypto/tls"
	nethttp "net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	certutil "k8s.io/client-go/util/cert"

	"github.com/zen-lead/zen-lead/controllers/rights"
)

// connect connects to the replica's metrics as a client that can do so much.
func (r *replica) connect(client *tls.Config) (tls.ConnectionState, error) {
	client.InsecureSkipVerify = true // the certificate is self-signed
	connection, err := tls.Dial("tcp", r.metrics, client)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	return connection.ConnectionState(), connection.Close()
}

// serial is what tells one certificate from another.
func (r *replica) serial() string {
	state, err := r.connect(&tls.Config{})
	if err != nil {
		return err.Error()
	}
	return state.PeerCertificates[0].SerialNumber.String()
}

// check has the operator's binary judge from outside what a replica serves, for a while.
func (r *replica) check(ctx context.Context) (string, error) {
	output, err := exec.CommandContext(ctx, operatorBinary, "--check-metrics", "https://"+r.metrics+"/metrics").CombinedOutput()
	return string(output), err
}

// writeCertificate puts a new certificate into a folder.
func writeCertificate(directory string) {
	GinkgoHelper()
	certificate, key, err := certutil.GenerateSelfSignedCertKeyWithOptions(certutil.SelfSignedCertKeyOptions{Host: "localhost", MaxAge: time.Hour})
	Expect(err).NotTo(HaveOccurred())
	for name, content := range map[string][]byte{"tls.crt": certificate, "tls.key": key} {
		Expect(os.WriteFile(filepath.Join(directory, name), content, 0o600)).To(Succeed())
	}
}

var _ = Describe("What the operator serves (contract 6)", Ordered, func() {
	var (
		certificate string
		served      *replica
		scraper     string
	)
	BeforeAll(func(_ SpecContext) {
		certificate = GinkgoT().TempDir()
		writeCertificate(certificate)
		i := install(false, unchanged)
		served = i.start("--metrics-cert-dir", certificate)
		Eventually(served.ready).Should(Equal(nethttp.StatusOK))
		i.allowScraping("scraper")
		scraper = i.token("scraper")
	}, NodeTimeout(3*time.Minute))

	DescribeTable("is encrypted for clients that can do",
		func(client *tls.Config, version uint16) {
			state, err := served.connect(client)
			Expect(err).NotTo(HaveOccurred())
			Expect(state.Version).To(Equal(version))
		},
		Entry("TLS 1.3", &tls.Config{}, uint16(tls.VersionTLS13)),
		Entry("TLS 1.2", &tls.Config{MaxVersion: tls.VersionTLS12}, uint16(tls.VersionTLS12)),
	)

	DescribeTable("is refused to clients that can do no better than",
		func(client *tls.Config, says string) {
			_, err := served.connect(client)
			Expect(err).To(MatchError(ContainSubstring(says)))
		},
		Entry("TLS 1.1", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, "protocol version"),
		Entry("ciphers that do not authenticate what they encrypt", &tls.Config{
			MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA},
		}, "handshake failure"),
		Entry("ciphers that give away the past with the key", &tls.Config{
			MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256},
		}, "handshake failure"),
		Entry("HTTP/2", &tls.Config{NextProtos: []string{"h2"}}, "no application protocol"),
	)

	It("is HTTP/1.1 also for clients that would rather have HTTP/2", func() {
		state, err := served.connect(&tls.Config{NextProtos: []string{"h2", "http/1.1"}})
		Expect(err).NotTo(HaveOccurred())
		Expect(state.NegotiatedProtocol).To(Equal("http/1.1"))
	})

	It("is nothing but metrics, and probes that give no reasons", func() {
		for _, path := range []string{"/", "/debug/pprof/", "/healthz", "/config"} {
			status, _ := get("https://"+served.metrics+path, scraper)
			Expect(status).To(Equal(nethttp.StatusNotFound), path)
		}
		for _, path := range []string{"/", "/metrics", "/debug/pprof/"} {
			status, _ := get("http://"+served.health+path, "")
			Expect(status).To(Equal(nethttp.StatusNotFound), path)
		}
		for path, says := range map[string]string{
			"/healthz": "ok", "/readyz": "ok", "/readyz?verbose": "[+]caches ok\n[+]rights ok\nhealthz check passed\n",
		} {
			status, body := get("http://"+served.health+path, "")
			Expect(status).To(Equal(nethttp.StatusOK), path)
			Expect(body).To(Equal(says), path)
		}
	})

	It("is in order, for who checks it from outside without a token", func(ctx SpecContext) {
		Expect(served.check(ctx)).To(HaveSuffix("/metrics is served, and to those alone who may read it\n"))
	})

	It("is not in order, for who checks it, while nobody can be asked whose tokens there are", func(ctx SpecContext) {
		unable := install(false, func(rule rbacv1.PolicyRule, _ rights.Scope) rbacv1.PolicyRule {
			if rule.Resources[0] == "tokenreviews" {
				rule.Verbs = nil
			}
			return rule
		}).start()
		Eventually(unable.logged(saysMissing)).ShouldNot(BeEmpty())
		says, err := unable.check(ctx)
		Expect(err).To(HaveOccurred())
		Expect(says).To(ContainSubstring("answers 500 Internal Server Error, and should answer 401"))
	}, SpecTimeout(3*time.Minute))

	It("is served with a certificate that is taken over as it is renewed", func() {
		former := served.serial()
		writeCertificate(certificate)
		Eventually(served.serial).WithTimeout(time.Minute).WithPolling(100 * time.Millisecond).ShouldNot(Or(Equal(former), ContainSubstring("tls")))
	})
})

var _ = Describe("Probes (contract 6)", func() {
	It("of an operator that is not ready give no reasons either", func(_ SpecContext) {
		w := newQuietWorld()
		kubeconfig := kubeconfigOf("without-any-rights")
		replica := w.startReplica(kubeconfig)
		Eventually(replica.logged(saysMissing)).ShouldNot(BeEmpty())
		status, body := get("http://"+replica.health+"/readyz", "")
		Expect(status).To(Equal(nethttp.StatusInternalServerError))
		Expect(body).To(Equal("[-]caches failed: reason withheld\n[-]rights failed: reason withheld\nhealthz check failed\n"))
		status, _ = get("http://"+replica.health+"/healthz", "")
		Expect(status).To(Equal(nethttp.StatusOK), "it lives")
	}, NodeTimeout(2*time.Minute))
})
