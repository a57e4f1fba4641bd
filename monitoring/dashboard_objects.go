package monitoring

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ConsoleNamespace is where the OpenShift console looks for dashboards, and nowhere else.
const ConsoleNamespace = "openshift-config-managed"

// GrafanaConfigMap has the dashboard for Grafana's sidecar, which finds it by its label.
func (d Dashboard) GrafanaConfigMap() (*corev1.ConfigMap, error) {
	content, err := d.Grafana()
	if err != nil {
		return nil, err
	}
	return d.configMap(Namespace, "grafana_dashboard", "1", content), nil
}

// ConsoleConfigMap has the dashboard for the OpenShift console, which finds it by its label.
func (d Dashboard) ConsoleConfigMap() (*corev1.ConfigMap, error) {
	content, err := d.OpenShiftConsole()
	if err != nil {
		return nil, err
	}
	return d.configMap(ConsoleNamespace, "console.openshift.io/dashboard", "true", content), nil
}

func (d Dashboard) configMap(namespace, label, value string, content []byte) *corev1.ConfigMap {
	object := &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metadata(d.UID),
		Data:       map[string]string{d.UID + ".json": string(content)},
	}
	object.Namespace = namespace
	object.Labels[label] = value
	return object
}

// indented is JSON for people to read too: the signs that encoding/json escapes for HTML's sake are common in PromQL.
func indented(name string, object any) ([]byte, error) {
	content, err := json.MarshalIndent(object, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", name, err)
	}
	readable := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(content))
	return []byte(readable + "\n"), nil
}
