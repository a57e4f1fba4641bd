package monitoring

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/monitoring"
	"github.com/zen-lead/zen-lead/test/binaries"
)

const (
	// deadline is how long anything may take on a slow and busy machine. Nothing here is a measurement.
	deadline = 3 * time.Minute
	// pace is how much faster than in earnest the rules judge.
	pace monitoring.Pace = 60

	operatorNamespace = "zen-lead-system"
	stackNamespace    = "monitoring"
	shop              = "shop"
)

var (
	ctx     = context.Background()
	config  *rest.Config
	admin   client.Client
	clients kubernetes.Interface
)

func TestMonitoring(t *testing.T) {
	if os.Getenv("ZEN_LEAD_CLUSTER") == "" {
		t.Skip("NOT RUN: it needs our own cluster, for its images; use `make monitoring-test`")
	}
	RegisterFailHandler(Fail)
	RunSpecs(t, "The operator in the Prometheus stack that users have")
}

var _ = BeforeSuite(func() {
	SetDefaultEventuallyTimeout(deadline)
	SetDefaultEventuallyPollingInterval(200 * time.Millisecond)
	connect()
	removeAll() // what a killed run has left
	DeferCleanup(removeAll)
	load("../../bin/monitoring-images/*.tar")
	installCRDs()
	startPrometheusOperator()
	installZenLead()
	kubectl(nil, "apply", "--server-side", "-f", "stack.yaml")
	Eventually(alertmanagerIsUp).Should(Succeed())
	Eventually(targetsUp).Should(Equal(2.0), "both replicas are scraped, over TLS that is verified and with a token")
})

// The pictures are drawn last, from all that has happened.
var _ = AfterSuite(func() {
	if directory := os.Getenv("PICTURES"); directory != "" && admin != nil {
		drawDashboards(directory)
	}
})

func connect() {
	GinkgoHelper()
	var err error
	config, err = clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	Expect(err).NotTo(HaveOccurred())
	config.QPS = -1
	scheme := clientgoscheme.Scheme
	Expect(monitoringv1.AddToScheme(scheme)).To(Succeed())
	admin, err = client.New(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	clients, err = kubernetes.NewForConfig(config)
	Expect(err).NotTo(HaveOccurred())
}

// removeAll removes what the suite makes but the CRDs.
func removeAll() {
	GinkgoHelper()
	kubectl(nil, "delete", "namespace", shop, stackNamespace, operatorNamespace, "--ignore-not-found", "--timeout=120s")
	kubectl(nil, "delete", "clusterrolebinding", "prometheus-reads-zen-lead", "--ignore-not-found")
	kubectl(nil, "delete", "validatingwebhookconfiguration", "slow", "--ignore-not-found")
}

func load(pattern string) {
	GinkgoHelper()
	archives, err := filepath.Glob(pattern)
	Expect(err).NotTo(HaveOccurred())
	Expect(archives).NotTo(BeEmpty(), "test/monitoring/images.sh makes them")
	run(nil, os.Getenv("ZEN_LEAD_CLUSTER"), append([]string{"load"}, archives...)...)
}

func installCRDs() {
	GinkgoHelper()
	source, err := binaries.PrometheusOperator.Source(ctx)
	Expect(err).NotTo(HaveOccurred())
	kubectl(nil, "apply", "--server-side", "-f", filepath.Join(source, "example", "prometheus-operator-crd"))
	kubectl(nil, "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
}

// startPrometheusOperator runs prometheus-operator beside the cluster: it needs nothing but the API server.
func startPrometheusOperator() {
	GinkgoHelper()
	directory, err := binaries.PrometheusOperator.Build(ctx, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	log, err := os.Create(filepath.Join(GinkgoT().TempDir(), "prometheus-operator.log"))
	Expect(err).NotTo(HaveOccurred())
	command := exec.Command(filepath.Join(directory, "prometheus-operator"), // it reads KUBECONFIG
		"--web.listen-address=127.0.0.1:0", "--prometheus-config-reloader=localhost/prometheus-config-reloader:test")
	command.Stdout, command.Stderr = log, log
	Expect(command.Start()).To(Succeed())
	DeferCleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if CurrentSpecReport().Failed() {
			content, _ := os.ReadFile(log.Name())
			GinkgoWriter.Write(content) //nolint:errcheck // for people
		}
	})
}

// installZenLead installs the operator for all namespaces, watched by prometheus-operator, with a certificate that is verified.
// All of it is what config/ has, but for the pace of the rules.
func installZenLead() {
	GinkgoHelper()
	directory, err := os.MkdirTemp("../../.cluster", "monitoring-") // beside config/: kustomize refuses absolute paths
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(os.RemoveAll, directory)
	Expect(os.WriteFile(filepath.Join(directory, "kustomization.yaml"), []byte(`
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../../config/cluster-wide, ../../config/prometheus]
components: [../../config/monitoring/certificate]
`), 0o600)).To(Succeed())
	kubectl([]byte("{apiVersion: v1, kind: Namespace, metadata: {name: "+operatorNamespace+"}}"), "apply", "--server-side", "-f", "-")
	giveCertificate(365 * 24 * time.Hour)
	kubectl(nil, "apply", "--server-side", "-k", directory)
	kubectl(nil, "create", "namespace", shop)
	rule := &monitoringv1.PrometheusRule{}
	Expect(admin.Get(ctx, client.ObjectKey{Namespace: operatorNamespace, Name: "zen-lead"}, rule)).To(Succeed())
	Expect(rule.Spec).To(Equal(monitoring.PrometheusRule(monitoring.InEarnest).Spec), "what ships is what was generated")
	rule.Spec = monitoring.PrometheusRule(pace).Spec
	Expect(admin.Update(ctx, rule)).To(Succeed())
}

// giveCertificate puts a certificate of that lifetime, with its CA, into the Secret that the operator and Prometheus have it from.
func giveCertificate(lifetime time.Duration) {
	GinkgoHelper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	Expect(err).NotTo(HaveOccurred())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "zen-lead-metrics"}, DNSNames: []string{"zen-lead-metrics"},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(lifetime), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	Expect(err).NotTo(HaveOccurred())
	encoded := func(kind string, content []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content})
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: "zen-lead-metrics-certificate"}, Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{
			corev1.TLSCertKey: encoded("CERTIFICATE", der), "ca.crt": encoded("CERTIFICATE", der),
			corev1.TLSPrivateKeyKey: encoded("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)),
		},
	}
	if err := admin.Update(ctx, secret); err != nil {
		Expect(admin.Create(ctx, secret)).To(Succeed())
	}
}

func kubectl(input []byte, arguments ...string) string {
	GinkgoHelper()
	return run(input, os.Getenv("KUBECTL"), arguments...)
}

func run(input []byte, program string, arguments ...string) string {
	GinkgoHelper()
	command := exec.Command(program, arguments...)
	command.Stdin = bytes.NewReader(input)
	said, err := command.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s %s: %s", program, strings.Join(arguments, " "), said)
	return string(said)
}
