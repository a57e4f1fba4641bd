package olm

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/zen-lead/zen-lead/test/binaries"
)

var _ = Describe("The monitoring objects that OLM installed", func() {
	It("are picked up by prometheus-operator and Prometheus, which scrapes both replicas and evaluates the rules", func() {
		bringMonitoringKinds()
		bringPrometheusOperator()
		served.offer(stable(withMonitoring[next]))
		shop(shopA)
		subscription{channel: "stable"}.install(withMonitoring[next])
		elects(shopA)

		// Prometheus as users of prometheus-operator have it, with the two bindings that docs/monitoring.md asks for.
		DeferCleanup(func() {
			removeNamespaces(stackNamespace)
			kubectl("delete", "clusterrolebinding", "prometheus-reads-zen-lead", "--ignore-not-found")
		})
		kubectl("apply", "--server-side", "-f", filepath.Join(root(), "test", "monitoring", "stack.yaml"))
		Eventually(targets).Should(Equal([]string{"zen-lead-metrics up", "zen-lead-metrics up"}))
		Eventually(series).WithArguments(`zen_lead_leader_info{namespace="` + shopA + `", service="till"} == 1`).Should(Equal(1))
		all, atOnce := rulesOfBundle()
		Eventually(func(g Gomega) {
			loaded, err := loadedRules()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(loaded["ok"]).To(BeNumerically(">=", atOnce), "%v", loaded)
			g.Expect(loaded["ok"]+loaded["unknown"]).To(Equal(all), "%v", loaded)
		}).Should(Succeed())
	})
})

// stackNamespace is that of test/monitoring/stack.yaml.
const stackNamespace = "monitoring"

// bringPrometheusOperator runs prometheus-operator beside the cluster until the spec ends, and brings the images of what it starts.
func bringPrometheusOperator() {
	GinkgoHelper()
	archives, err := filepath.Glob(filepath.Join(root(), "bin", "monitoring-images", "*.tar"))
	Expect(err).NotTo(HaveOccurred())
	Expect(archives).NotTo(BeEmpty(), "test/monitoring/images.sh makes them")
	run(nil, os.Getenv("ZEN_LEAD_CLUSTER"), append([]string{"load"}, archives...)...)
	directory, err := binaries.PrometheusOperator.Build(ctx, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	log, err := os.Create(filepath.Join(logs, "prometheus-operator.log"))
	Expect(err).NotTo(HaveOccurred())
	command := exec.Command(filepath.Join(directory, "prometheus-operator"), // it reads KUBECONFIG
		"--web.listen-address=127.0.0.1:0", "--prometheus-config-reloader=localhost/prometheus-config-reloader:test")
	command.Stdout, command.Stderr = log, log
	Expect(command.Start()).To(Succeed())
	DeferCleanup((&process{command: command}).stop)
}

// ask asks Prometheus, through the API server.
func ask(path string, parameters map[string]string, answer any) error {
	request := clients.CoreV1().RESTClient().Get().Namespace(stackNamespace).Resource("pods").Name("prometheus-k8s-0:9090").SubResource("proxy").
		Suffix(path)
	for name, value := range parameters {
		request = request.Param(name, value)
	}
	content, err := request.DoRaw(ctx)
	if err != nil {
		return err
	}
	return json.Unmarshal(content, answer)
}

// targets are those that Prometheus has of the operator's namespace, with how they are and, of those that are not up, why.
func targets() ([]string, error) {
	var answer struct {
		Data struct {
			ActiveTargets []struct {
				Labels            map[string]string
				Health, LastError string
			}
		}
	}
	err := ask("api/v1/targets", nil, &answer)
	found := []string{}
	for _, target := range answer.Data.ActiveTargets {
		if target.Labels["namespace"] == operatorNamespace {
			found = append(found, strings.TrimSpace(target.Labels["job"]+" "+target.Health+" "+target.LastError))
		}
	}
	return found, err
}

// series is how many series a query finds.
func series(promQL string) (int, error) {
	var answer struct {
		Data struct{ Result []any }
	}
	err := ask("api/v1/query", map[string]string{"query": promQL}, &answer)
	return len(answer.Data.Result), err
}

// loadedRules is how many rules Prometheus has, by their health.
func loadedRules() (map[string]int, error) {
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Health string }
			}
		}
	}
	err := ask("api/v1/rules", nil, &answer)
	found := map[string]int{}
	for _, group := range answer.Data.Groups {
		for _, rule := range group.Rules {
			found[rule.Health]++
		}
	}
	return found, err
}

// rulesOfBundle is how many rules the newest bundle's PrometheusRule has, and how many of those are evaluated at once: groups with an interval of
// their own wait for some minutes.
func rulesOfBundle() (all, atOnce int) {
	GinkgoHelper()
	rules := objectsOf(next)["prometheusrule"].(map[string]any)
	for _, group := range rules["groups"].([]any) {
		count := len(group.(map[string]any)["rules"].([]any))
		all += count
		if group.(map[string]any)["interval"] == nil {
			atOnce += count
		}
	}
	return all, atOnce
}
