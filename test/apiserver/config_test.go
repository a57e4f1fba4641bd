package apiserver

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"

	"github.com/zen-lead/zen-lead/test/binaries"
)

// What ships is applied with strict validation by the API server, which knows the kinds of prometheus-operator and OLM too.
var _ = Describe("What config/ and bundle/ ship", Ordered, func() {
	BeforeAll(func(ctx SpecContext) {
		prometheusOperator, err := binaries.PrometheusOperator.Source(ctx)
		Expect(err).NotTo(HaveOccurred())
		olm, err := binaries.OLM.Source(ctx)
		Expect(err).NotTo(HaveOccurred())
		kubectl(ctx, "apply", "--server-side", "-f", filepath.Join(prometheusOperator, "example", "prometheus-operator-crd"))
		kubectl(ctx, "apply", "--server-side", "-f", filepath.Join(olm, "deploy", "chart", "crds"))
		kubectl(ctx, "wait", "--for=condition=Established", "crd", "--all")
		Eventually(publishedKinds).WithTimeout(5*time.Minute).WithPolling(time.Second).Should(ContainElements(
			"com.coreos.monitoring.v1.ServiceMonitor", "com.coreos.monitoring.v1.PrometheusRule", "com.coreos.operators.v1alpha1.ClusterServiceVersion",
		), "kubectl validates by what the API server publishes; an old one takes long for so many kinds")
		for _, name := range []string{"zen-lead-system", "team-a", "team-b", "openshift-config-managed"} {
			namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
			Expect(admin.Create(ctx, namespace)).To(Succeed())
			DeferCleanup(func(ctx SpecContext) { Expect(admin.Delete(ctx, namespace)).To(Succeed()) })
		}
	}, NodeTimeout(10*time.Minute))

	It("is valid in every overlay", func(ctx SpecContext) {
		overlays := overlaysOfConfig()
		Expect(overlays).To(ContainElements("default", "cluster-wide", "many-namespaces", "prometheus", "network-policy", "samples"))
		for _, overlay := range overlays {
			By(overlay)
			kubectl(ctx, "apply", "--server-side", "--dry-run=server", "--validate=strict", "-k", filepath.Join("../../config", overlay))
		}
	})

	It("is valid in every bundle", func(ctx SpecContext) {
		for _, variant := range []string{"prometheus", "core"} {
			By(variant)
			kubectl(ctx, "apply", "--server-side", "--dry-run=server", "--validate=strict", "-n", "zen-lead-system",
				"-f", filepath.Join("../../bundle", variant, "manifests"))
		}
	})
})

// publishedKinds are the names of all schemas that the API server publishes.
func publishedKinds() ([]string, error) {
	clients, err := discovery.NewDiscoveryClientForConfig(plane.Config)
	if err != nil {
		return nil, err
	}
	document, err := clients.OpenAPISchema()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, schema := range document.GetDefinitions().GetAdditionalProperties() {
		names = append(names, schema.GetName())
	}
	return names, nil
}

// notAlone are the folders that are no installation: placeholders for namespaces are theirs, or kinds that only other programs read.
var notAlone = []string{"manager", "rbac", "manifests/bases", "manifests/core", "manifests/prometheus", "scorecard"}

// overlaysOfConfig are all kustomizations of config/ but components and notAlone.
func overlaysOfConfig() (overlays []string) {
	GinkgoHelper()
	Expect(filepath.WalkDir("../../config", func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Base(path) != "kustomization.yaml" {
			return err
		}
		overlay, err := filepath.Rel("../../config", filepath.Dir(path))
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && !slices.Contains(notAlone, overlay) && !strings.Contains(string(content), "kind: Component") {
			overlays = append(overlays, overlay)
		}
		return err
	})).To(Succeed())
	return overlays
}

func kubectl(ctx context.Context, arguments ...string) {
	GinkgoHelper()
	said, err := exec.CommandContext(ctx, plane.Kubectl, append([]string{"--kubeconfig", plane.Kubeconfig}, arguments...)...).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "kubectl %v\n%s", arguments, said)
	GinkgoWriter.Printf("%s", said)
}
