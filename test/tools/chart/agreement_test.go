package chart

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// allMonitoring is everything that watches the operator.
const allMonitoring = `
monitoring:
  serviceMonitor: {mode: required}
  prometheusRule: {mode: required}
  grafanaDashboards: {enabled: true}
`

// installation is one that can be made with kustomize and with Helm.
type installation struct {
	name       string
	overlays   []string
	components []string
	values     string
	apis       []string
}

var installations = []installation{
	{name: "its own namespace", overlays: []string{"default", "network-policy"}},
	{name: "its own namespace, without a network policy", overlays: []string{"default"}, values: "networkPolicy: {enabled: false}"},
	{name: "all namespaces", overlays: []string{"cluster-wide", "network-policy"}, values: "watch: {mode: all}"},
	{name: "two namespaces", overlays: []string{"many-namespaces", "network-policy"}, values: "watch: {mode: list, namespaces: [team-a, team-b]}"},
	{name: "monitoring", overlays: []string{"default", "network-policy", "prometheus", "monitoring/dashboards"}, values: allMonitoring, apis: prometheusOperator},
	{
		name: "a certificate that is verified", overlays: []string{"default", "network-policy", "prometheus"}, components: []string{"monitoring/certificate"},
		values: "metrics: {certificateSecret: zen-lead-metrics-certificate}\nmonitoring: {serviceMonitor: {mode: ifAvailable}, prometheusRule: {mode: ifAvailable}}",
		apis:   prometheusOperator,
	},
	{
		name: "OpenShift's console", overlays: []string{"default", "network-policy", "monitoring/openshift-console"},
		values: "monitoring: {openshiftConsoleDashboards: {mode: required}}", apis: openShift,
	},
}

func TestTheChartMakesWhatTheOverlaysMake(t *testing.T) {
	for _, each := range installations {
		t.Run(each.name, func(t *testing.T) {
			overlays := kustomize(t, each.overlays, each.components)
			delete(overlays, "Namespace /"+namespace) // which Helm makes with --create-namespace, if at all
			for _, difference := range differences("config/", overlays, "the chart", byName(objects(t, directory, each.values, each.apis...))) {
				t.Error(difference)
			}
		})
	}
}

// TestTheChartMakesWhatTheBundlesHave renders the operator for its own namespace. OLM tells it otherwise which those are, and makes its
// ServiceAccount and the objects that grant it its rights.
func TestTheChartMakesWhatTheBundlesHave(t *testing.T) {
	for variant, values := range map[string]string{"core": "", "prometheus": allMonitoring} {
		t.Run(variant, func(t *testing.T) {
			made := byName(objects(t, directory, values, prometheusOperator...))
			bundle := bundleOf(t, variant)
			delete(bundle, "RoleBinding zen-lead-system/zen-lead-metrics-discovery") // OpenShift's; in the chart a value says who Prometheus is
			for _, difference := range differences("the bundle", bundle, "the chart", asBundle(made)) {
				t.Error(difference)
			}
		})
	}
}

func TestASpoiltChartIsNoticed(t *testing.T) {
	for name, spoil := range map[string]struct{ file, before, after string }{
		"a right too few":     {"files/rights/watched.yaml", "  - patch\n  - update\n", "  - update\n"},
		"a right too many":    {"files/rights/watched.yaml", "  - pods\n", "  - pods\n  - secrets\n"},
		"a wildcard":          {"files/rights/cluster.yaml", "  - tokenreviews\n", "  - '*'\n"},
		"a binding":           {"templates/rbac.yaml", "kind: Role\n  name: zen-lead-leader-election", "kind: ClusterRole\n  name: zen-lead-leader-election"},
		"a rule":              {"files/monitoring/prometheus_rule.yaml", "severity: critical", "severity: none"},
		"a scrape":            {"files/monitoring/service_monitor.yaml", "honorLabels: true", "honorLabels: false"},
		"a dashboard":         {"files/monitoring/grafana/overview.yaml", `"editable": true`, `"editable": false`},
		"the container's own": {"templates/deployment.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"},
		"a probe":             {"templates/deployment.yaml", "path: /readyz", "path: /healthz"},
		"a default":           {"values.yaml", "maxSkew: 1", "maxSkew: 2"},
	} {
		t.Run(name, func(t *testing.T) {
			spoilt := t.TempDir()
			if err := os.CopyFS(spoilt, os.DirFS(directory)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(spoilt, spoil.file)
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			changed := strings.Replace(string(content), spoil.before, spoil.after, 1)
			if changed == string(content) {
				t.Fatalf("%s has no %q", spoil.file, spoil.before)
			}
			if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			made := byName(objects(t, spoilt, allMonitoring, prometheusOperator...))
			overlays := kustomize(t, []string{"default", "network-policy", "prometheus", "monitoring/dashboards"}, nil)
			if len(differences("", overlays, "", made)) == 0 {
				t.Error("the overlays do not mind")
			}
			if name != "a binding" && len(differences("", bundleOf(t, "prometheus"), "", asBundle(made))) == 0 { // OLM makes its own
				t.Error("the bundle does not mind")
			}
		})
	}
}

// kustomize builds overlays of config/ together, by their objects' names.
func kustomize(t *testing.T, overlays, components []string) map[string]any {
	t.Helper()
	resolve := func(names []string) (paths []string) {
		for _, name := range names {
			paths = append(paths, "../config/"+name)
		}
		return paths
	}
	content, err := yaml.Marshal(map[string]any{"resources": resolve(overlays), "components": resolve(components)})
	if err != nil {
		t.Fatal(err)
	}
	// kustomize reads no absolute paths and nothing above a file system's root, so the repository's config/ is copied into memory.
	files := filesys.MakeFsInMemory()
	for _, folder := range []string{"config", "monitoring/generated"} {
		copyInto(t, files, folder)
	}
	if err := files.WriteFile("/whole/kustomization.yaml", content); err != nil {
		t.Fatal(err)
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, "/whole")
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return byName(decode(t, manifest))
}

func copyInto(t *testing.T, files filesys.FileSystem, folder string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return files.WriteFile("/"+filepath.ToSlash(name), content)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// byName has objects by kind, namespace and name, without what differs by nature: the image, labels that say what installed them, and all
// labels of roles and bindings, by which nobody selects.
func byName(all []unstructured.Unstructured) map[string]any {
	named := map[string]any{}
	for _, object := range all {
		withoutLabels(&object)
		if object.GetKind() == "Deployment" {
			withoutImage(object.Object["spec"])
		}
		name := fmt.Sprintf("%s %s/%s", object.GetKind(), object.GetNamespace(), object.GetName())
		for named[name] != nil {
			name += " again"
		}
		named[name] = object.Object
	}
	return named
}

func withoutLabels(object *unstructured.Unstructured) {
	labels := object.GetLabels()
	if object.GroupVersionKind().Group == "rbac.authorization.k8s.io" {
		labels = nil
	}
	maps.DeleteFunc(labels, func(key, _ string) bool {
		return slices.Contains([]string{"helm.sh/chart", "app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by"}, key)
	})
	object.SetLabels(labels)
}

func withoutImage(deployment any) {
	container := container(deployment)
	container["image"] = "zen-lead"
}

// container is the one container of a Deployment's spec.
func container(deployment any) map[string]any {
	containers, _, _ := unstructured.NestedSlice(map[string]any{"spec": deployment}, "spec", "template", "spec", "containers")
	if len(containers) != 1 {
		panic(fmt.Sprintf("a Deployment has %d containers, and should have one", len(containers)))
	}
	return deployment.(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any)
}
