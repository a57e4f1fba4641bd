package chart

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func TestHelmLintHasNothingToSay(t *testing.T) {
	for name, values := range matrix {
		t.Run(name, func(t *testing.T) {
			for _, message := range lint.RunAll(directory, valuesOf(t, values), namespace).Messages {
				if message.Severity >= support.InfoSev {
					t.Error(message)
				}
			}
		})
	}
}

func TestWrongValuesAreRefusedInWordsThatHelp(t *testing.T) {
	for values, want := range map[string]string{
		"watch: {namespaces: [team-a]}":                                    "watch.namespaces names team-a, but watch.mode is \"own\": set it to \"list\"",
		"watch: {mode: list}":                                              "watch.mode is \"list\", but watch.namespaces is empty",
		"watch: {mode: some}":                                              "at '/watch/mode': value must be one of 'own', 'list', 'all'",
		"watch: {mode: list, namespaces: [Team_A]}":                        "at '/watch/namespaces/0': 'Team_A' does not match pattern",
		"watch: {mode: list, namespaces: [a, a]}":                          "at '/watch/namespaces': items at 0 and 1 are equal",
		"watch: {mode: list, namespaces: team-a}":                          "at '/watch/namespaces': got string, want array",
		"watchNamespaces: [team-a]":                                        "additional properties 'watchNamespaces' not allowed",
		"image: {name: zen-lead}":                                          "at '/image': additional properties 'name' not allowed",
		"image: zen-lead:1.0":                                              "at '/image': got string, want object",
		"image: {digest: 0123}":                                            "at '/image/digest':",
		"image: {repository: 'registry.example/zen-lead:1.0'}":             "at '/image/repository':",
		"image: {pullPolicy: Sometimes}":                                   "at '/image/pullPolicy': value must be one of",
		"image: null":                                                      "missing property 'image'",
		"watch: {mode: null}":                                              "at '/watch': missing property 'mode'",
		"replicas: 0":                                                      "at '/replicas': minimum: got 0, want 1",
		"replicas: two":                                                    "at '/replicas': got string, want integer",
		"extraArgs: [zap-log-level=debug]":                                 "at '/extraArgs/0': 'zap-log-level=debug' does not match pattern",
		"extraArgs: [--namespaces=team-a]":                                 `extraArgs has "--namespaces=team-a", which the chart settles`,
		"extraArgs: [--metrics-bind-address=0]":                            `extraArgs has "--metrics-bind-address=0", which the chart settles`,
		"extraEnv: [{name: WATCH_NAMESPACE, value: ''}]":                   "extraEnv has WATCH_NAMESPACE, which the chart settles",
		"extraEnv: [{name: ZEN_LEAD_METRICS_INSECURE, value: 'true'}]":     "extraEnv has ZEN_LEAD_METRICS_INSECURE, which the chart settles",
		"extraEnv: [{name: ZEN_LEAD_MAX_CONCURRENT_RECONCILES, value: 3}]": "at '/extraEnv/0/value': got number, want string",
		"extraEnv: {A: b}":                                                 "at '/extraEnv': got object, want array",
		"labels: {app.kubernetes.io/name: mine}":                           "The label app.kubernetes.io/name is the chart's own",
		"podLabels: {team: a b}":                                           "at '/podLabels/team':",
		"podAnnotations: {port: 80}":                                       "at '/podAnnotations/port': got number, want string",
		"nodeSelector: {ssd: true}":                                        "at '/nodeSelector/ssd': got boolean, want string",
		"tolerations: [{key: a, opperator: Exists}]":                       "at '/tolerations/0': additional properties 'opperator' not allowed",
		"affinity: {nodeAfinity: {}}":                                      "at '/affinity': additional properties 'nodeAfinity' not allowed",
		"resources: {request: {cpu: 1}}":                                   "at '/resources': additional properties 'request' not allowed",
		"podDisruptionBudget: {minAvailable: 2}":                           "podDisruptionBudget.minAvailable is 2 of 2 replicas: no node of theirs could be drained",
		"podDisruptionBudget: {minAvailable: 50%}":                         "at '/podDisruptionBudget/minAvailable': got string, want integer",
		"networkPolicy: {metricsFrom: [{}]}":                               "at '/networkPolicy/metricsFrom/0': minProperties: got 0, want 1",
		"metrics: {certificateSecret: a, mode: insecure}":                  "metrics.certificateSecret is set, but metrics.mode is \"insecure\"",
		"metrics: {mode: disabled}\nmonitoring: {serviceMonitor: {mode: ifAvailable}}": "monitoring.serviceMonitor.mode is \"ifAvailable\", but metrics.mode is \"disabled\"",
		"monitoring: {serviceMonitor: {mode: true}}":                                   "at '/monitoring/serviceMonitor/mode': value must be one of 'disabled', 'ifAvailable', 'required'",
		"monitoring: {serviceMonitor: {enabled: true}}":                                "at '/monitoring/serviceMonitor': additional properties 'enabled' not allowed",
		"monitoring: {serviceMonitor: {mode: required}}":                               "monitoring.serviceMonitor.mode is \"required\", but the cluster does not know monitoring.coreos.com/v1/ServiceMonitor, which prometheus-operator brings",
		"monitoring: {prometheusRule: {mode: required}}":                               "the cluster does not know monitoring.coreos.com/v1/PrometheusRule",
		"monitoring: {openshiftConsoleDashboards: {mode: required}}":                   "the cluster does not know console.openshift.io/v1, which OpenShift brings",
		"monitoring: {prometheus: {serviceAccount: {name: p}}}":                        "monitoring.prometheus.serviceAccount needs both name and namespace",
		"monitoring: {serviceMonitor: {interval: 30}}":                                 "at '/monitoring/serviceMonitor/interval': got number, want string",
	} {
		t.Run(values, func(t *testing.T) {
			switch _, err := render(directory, valuesOf(t, values)); {
			case err == nil:
				t.Error("it is not refused")
			case !strings.Contains(err.Error(), want):
				t.Errorf("it says\n%v\nand not\n%s", err, want)
			}
		})
	}
}

func TestOptionalKindsAreMadeWhereTheClusterKnowsThem(t *testing.T) {
	const wanted = `
monitoring:
  serviceMonitor: {mode: ifAvailable}
  prometheusRule: {mode: ifAvailable}
  openshiftConsoleDashboards: {mode: ifAvailable}
`
	optional := []string{"ServiceMonitor zen-lead-system/zen-lead", "PrometheusRule zen-lead-system/zen-lead", "ConfigMap openshift-config-managed/zen-lead-overview"}
	for _, test := range []struct {
		values string
		apis   []string
		made   []string
	}{
		{"", slices.Concat(prometheusOperator, openShift), nil},
		{wanted, nil, nil},
		{wanted, prometheusOperator, optional[:2]},
		{wanted, openShift, optional[2:]},
	} {
		made := byName(objects(t, directory, test.values, test.apis...))
		for _, name := range optional {
			if (made[name] != nil) != slices.Contains(test.made, name) {
				t.Errorf("%q with %v makes a %s: %v", test.values, test.apis, name, made[name] != nil)
			}
		}
	}
}

func TestMetricsThatNobodyIsAskedAboutNeedNoRightsOutsideNamespaces(t *testing.T) {
	for _, mode := range []string{"insecure", "disabled"} {
		for name := range byName(objects(t, directory, "metrics: {mode: "+mode+"}")) {
			if strings.HasPrefix(name, "Cluster") {
				t.Errorf("%s: there is a %s", mode, name)
			}
		}
	}
}

func TestNoRightIsAWildcard(t *testing.T) {
	for name, values := range matrix {
		for _, object := range objects(t, directory, values, slices.Concat(prometheusOperator, openShift)...) {
			granted, _, _ := unstructured.NestedSlice(object.Object, "rules")
			content, err := json.Marshal(granted)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(content), `"*"`) {
				t.Errorf("%s: %s %s grants %s", name, object.GetKind(), object.GetName(), content)
			}
		}
	}
}

// TestSchemaAndValuesHaveTheSameKeys lets the schema have besides what other charts hand down, and what is of Kubernetes' kinds.
func TestSchemaAndValuesHaveTheSameKeys(t *testing.T) {
	read := func(name string) (content map[string]any) {
		text, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(text, &content); err != nil {
			t.Fatal(err)
		}
		return content
	}
	schema := read("values.schema.json")
	delete(schema["properties"].(map[string]any), "global")
	compareKeys(t, "", schema, read("values.yaml"))
}

func compareKeys(t *testing.T, path string, schema map[string]any, values map[string]any) {
	t.Helper()
	if path == ".resources" || path == ".affinity" {
		return
	}
	properties, described := schema["properties"].(map[string]any)
	if !described {
		return
	}
	for key := range properties {
		if _, set := values[key]; !set {
			t.Errorf("values.yaml has no %s.%s", path, key)
		}
	}
	for key, value := range values {
		property, known := properties[key].(map[string]any)
		if !known {
			t.Errorf("the schema has no %s.%s", path, key)
			continue
		}
		if nested, is := value.(map[string]any); is {
			compareKeys(t, path+"."+key, property, nested)
		}
	}
}
