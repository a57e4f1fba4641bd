package monitoring

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	. "github.com/onsi/gomega"
)

// ask asks an HTTP API in a Pod of the stack, through the API server.
func ask(pod, path string, parameters map[string]string, answer any) error {
	request := clients.CoreV1().RESTClient().Get().Namespace(stackNamespace).Resource("pods").Name(pod).SubResource("proxy").Suffix(path)
	for name, value := range parameters {
		request = request.Param(name, value)
	}
	content, err := request.DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w: %s", path, err, content)
	}
	return json.Unmarshal(content, answer)
}

// sample is one series of a query's answer.
type sample struct {
	Metric map[string]string `json:"metric"`
	Value  [2]any            `json:"value"`
}

func query(promQL string) ([]sample, error) {
	var answer struct {
		Data struct {
			Result []sample `json:"result"`
		} `json:"data"`
	}
	err := ask("prometheus-k8s-0:9090", "api/v1/query", map[string]string{"query": promQL}, &answer)
	return answer.Data.Result, err
}

// targetsUp is how many targets of the operator Prometheus scrapes.
func targetsUp() (float64, error) {
	up, err := query(`up{job="zen-lead-metrics"} == 1`)
	return float64(len(up)), err
}

// rule is one that Prometheus evaluates.
type rule struct {
	Name, Query, Health, LastError, Type string
}

func rules() ([]rule, error) {
	var answer struct {
		Data struct {
			Groups []struct{ Rules []rule }
		}
	}
	err := ask("prometheus-k8s-0:9090", "api/v1/rules", nil, &answer)
	var all []rule
	for _, group := range answer.Data.Groups {
		all = append(all, group.Rules...)
	}
	return all, err
}

// alert is one that Alertmanager has.
type alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func alertmanagerIsUp() error {
	var answer any
	return ask("alertmanager-main-0:9093", "api/v2/status", nil, &answer)
}

// alerts are those of a name that are active in Alertmanager.
func alerts(name string) ([]alert, error) {
	var active []alert
	err := ask("alertmanager-main-0:9093", "api/v2/alerts", map[string]string{"active": "true", "filter": fmt.Sprintf("alertname=%q", name)}, &active)
	return active, err
}

// firing asserts that an alert with such labels becomes active in Alertmanager.
func firing(name string, labels map[string]string) alert {
	var found alert
	Eventually(func(g Gomega) {
		active, err := alerts(name)
		g.Expect(err).NotTo(HaveOccurred())
		at := slices.IndexFunc(active, func(a alert) bool { return includes(a.Labels, labels) })
		g.Expect(at).To(BeNumerically(">=", 0), "%s %v is not among %v", name, labels, active)
		found = active[at]
	}).Should(Succeed())
	for _, text := range []string{"summary", "description", "runbook_url"} {
		Expect(found.Annotations).To(HaveKey(text))
		Expect(found.Annotations[text]).NotTo(Or(BeEmpty(), ContainSubstring("error"), ContainSubstring("{{"), ContainSubstring("<no value>")))
	}
	return found
}

// ends asserts that no alert of the name with such labels is active any longer.
func ends(name string, labels map[string]string) {
	Eventually(func(g Gomega) {
		active, err := alerts(name)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(slices.ContainsFunc(active, func(a alert) bool { return includes(a.Labels, labels) })).To(BeFalse(), "%v", active)
	}).Should(Succeed())
}

func includes(all, some map[string]string) bool {
	for key := range maps.Keys(some) {
		if all[key] != some[key] {
			return false
		}
	}
	return true
}
