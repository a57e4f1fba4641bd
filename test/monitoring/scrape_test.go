package monitoring

import (
	"compress/gzip"
	"fmt"
	"io"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/metrics"
)

var _ = Describe("Prometheus, set up by prometheus-operator", Label("short"), func() {
	It("verifies the certificate and shows its token", func() {
		secret := &corev1.Secret{}
		Expect(admin.Get(ctx, client.ObjectKey{Namespace: stackNamespace, Name: "prometheus-k8s"}, secret)).To(Succeed())
		written := unzipped(string(secret.Data["prometheus.yaml.gz"]))
		Expect(written).To(And(
			ContainSubstring("job_name: serviceMonitor/zen-lead-system/zen-lead/0"), ContainSubstring("scheme: https"),
			ContainSubstring("server_name: zen-lead-metrics"), ContainSubstring("honor_labels: true"),
			Not(ContainSubstring("insecure_skip_verify: true"))))
		Eventually(targetsUp).Should(Equal(2.0))
	})

	It("has the labels of the Service that is led, not the operator's, in a Service's metrics", func() {
		startPod("a")
		makeService("till", nil)
		Eventually(func() ([]sample, error) {
			return query(`zen_lead_leader_info{namespace="shop", service="till", pod="a"} == 1`)
		}).Should(HaveLen(1))
		Expect(query(`zen_lead_acting{namespace="zen-lead-system"} == 1`)).To(HaveLen(1), "one replica acts")
		Expect(query(`{__name__=~"zen_lead_.*", exported_namespace!=""}`)).To(BeEmpty())
	})

	It("evaluates every rule, and records every series", func() {
		startPod("a")
		makeService("till", nil)
		var all []rule
		Eventually(func(g Gomega) {
			var err error
			all, err = rules()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(all).NotTo(BeEmpty())
			for _, rule := range all {
				g.Expect(rule.Health).To(Equal("ok"), "%s: %s", rule.Name, rule.LastError)
				if rule.Type == "recording" {
					g.Expect(query(rule.Name)).NotTo(BeEmpty(), "%s = %s", rule.Name, rule.Query)
				}
			}
		}).Should(Succeed())
	})
})

func unzipped(content string) string {
	GinkgoHelper()
	reader, err := gzip.NewReader(strings.NewReader(content))
	Expect(err).NotTo(HaveOccurred())
	plain, err := io.ReadAll(reader)
	Expect(err).NotTo(HaveOccurred())
	return string(plain)
}

var _ = Describe("The cost of the metrics", func() {
	It("is small and bounded with 1,000 Services", func() {
		const services = 1000
		startPod("a")
		before := scraped()
		for i := range services {
			makeService("till-"+strconv.Itoa(i), nil)
		}
		Eventually(func() ([]sample, error) {
			return query("sum(zen_lead_endpoint_ready) == 1000")
		}).Should(HaveLen(1))
		after := scraped()
		AddReportEntry("scrape", fmt.Sprintf("of the acting replica, with no Services and with 1,000: %v, then %v", before, after))
		Expect(after["scrape_samples_scraped"]-before["scrape_samples_scraped"]).To(BeNumerically("<=", services*metrics.MostSeriesPerService+
			10*metrics.ReasonSeriesPerService+200), "and what is not a Service's")
	})
})

// scraped is what Prometheus says of its last scrape of the acting replica, and of that replica's memory.
func scraped() map[string]float64 {
	GinkgoHelper()
	values := map[string]float64{}
	for _, name := range []string{"scrape_duration_seconds", "scrape_samples_scraped", "process_resident_memory_bytes"} {
		Eventually(func(g Gomega) {
			found, err := query(name + `{job="zen-lead-metrics"} and on (instance) zen_lead_acting == 1`)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(found).To(HaveLen(1))
			values[name], err = strconv.ParseFloat(fmt.Sprint(found[0].Value[1]), 64)
			g.Expect(err).NotTo(HaveOccurred())
		}).Should(Succeed())
	}
	return values
}
