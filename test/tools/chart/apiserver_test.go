package chart

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestARealAPIServer is one test, because starting a control plane takes its time. In the end there are prometheus-operator's kinds.
func TestARealAPIServer(t *testing.T) {
	plane := startControlPlane(t)
	for _, name := range []string{namespace, "team-a", "team-b", "monitoring", "openshift-config-managed"} {
		plane.must(t, "", "create", "namespace", name)
		plane.must(t, "", "label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
	}
	t.Run("lets no Pod in that is not restricted", func(t *testing.T) {
		pod := `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "a", "image": "a"}]}}`
		if _, err := plane.kubectlWith(pod, "apply", "--namespace", namespace, "--server-side", "--dry-run=server", "-f", "-"); err == nil ||
			!strings.Contains(err.Error(), `violates PodSecurity "restricted`) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("takes what is made of all values", func(t *testing.T) { plane.takesAll(t) })
	t.Run("has Helm refuse what it does not know", func(t *testing.T) {
		_, err := plane.helm(t, allMonitoring, "install", "zen-lead", directory, "--dry-run=server")
		if err == nil || !strings.Contains(err.Error(), "the cluster does not know monitoring.coreos.com/v1/") {
			t.Errorf("got %v", err)
		}
		notes, err := plane.helm(t, strings.ReplaceAll(allMonitoring, "required", "ifAvailable"), "install", "zen-lead", directory, "--dry-run=server")
		if err != nil || strings.Contains(notes, "kind: ServiceMonitor") || !strings.Contains(notes, "monitoring.serviceMonitor was left out: the cluster does not know") {
			t.Errorf("got %v, %s", err, notes)
		}
	})
	t.Run("installs, upgrades, takes back and removes it", func(t *testing.T) { plane.lives(t) })
	t.Run("has Helm take over what kustomize installed", func(t *testing.T) { plane.isTakenOver(t) })

	plane.must(t, "", "apply", "--server-side", "-f", prometheusOperatorKinds(t))
	plane.must(t, "", "wait", "--for=condition=Established", "crd", "--all", "--timeout=2m")
	t.Run("takes what is made for prometheus-operator", func(t *testing.T) { plane.takesAll(t, prometheusOperator...) })
	t.Run("has Helm make what prometheus-operator brings", func(t *testing.T) {
		output, err := plane.helm(t, allMonitoring, "install", "zen-lead", directory, "--dry-run=server")
		if err != nil || !strings.Contains(output, "kind: ServiceMonitor") || !strings.Contains(output, "kind: PrometheusRule") {
			t.Errorf("got %v, %s", err, output)
		}
	})
}

// takesAll has the API server judge everything that is made, strictly. A Deployment's Pods are judged as such, because only those are held to a
// standard.
func (c controlPlane) takesAll(t *testing.T, apis ...string) {
	values := maps.Clone(matrix)
	for _, each := range installations {
		if len(each.apis) == 0 || slices.Equal(each.apis, apis) {
			values[each.name] = each.values
		}
	}
	for name, text := range values {
		t.Run(name, func(t *testing.T) {
			c.must(t, wholeManifest(t, text, apis), "apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")
		})
	}
}

// wholeManifest has all that is made of values, and the Pods that will be.
func wholeManifest(t *testing.T, values string, apis []string) string {
	t.Helper()
	files, err := render(directory, valuesOf(t, values), apis...)
	if err != nil {
		t.Fatal(err)
	}
	list := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": "v1", "kind": "List"}}
	for file, content := range files {
		if strings.HasSuffix(file, ".yaml") {
			list.Items = append(list.Items, decode(t, []byte(content))...)
		}
	}
	for _, object := range list.Items {
		if template, found, _ := unstructured.NestedMap(object.Object, "spec", "template"); found {
			pod := unstructured.Unstructured{Object: template}
			pod.SetAPIVersion("v1")
			pod.SetKind("Pod")
			pod.SetName("a-replica")
			pod.SetNamespace(namespace)
			list.Items = append(list.Items, pod)
		}
	}
	manifest, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return string(manifest)
}

// lives goes through a release's life. There is no kubelet, so nothing is waited for.
func (c controlPlane) lives(t *testing.T) {
	before := c.everything(t)
	for _, step := range []struct {
		values, watched string
		arguments       []string
	}{
		{"", "", []string{"install", "zen-lead", directory}},
		{"watch: {mode: list, namespaces: [team-a]}\nreplicas: 3", "team-a", []string{"upgrade", "zen-lead", directory}},
		{"watch: {mode: list, namespaces: [team-b]}", "team-b", []string{"upgrade", "zen-lead", directory}},
		{"", "team-a", []string{"rollback", "zen-lead", "2"}},
		{"", "", []string{"rollback", "zen-lead", "1"}},
	} {
		if said, err := c.helm(t, step.values, step.arguments...); err != nil {
			t.Fatal(err, said)
		}
		got := c.must(t, "", "get", "deployment", "zen-lead", "--namespace", namespace, "--output", "jsonpath={.spec.template.spec.containers[0].env[0].value}")
		if got != step.watched {
			t.Errorf("after %v it watches %q, and should watch %q", step.arguments, got, step.watched)
		}
		for _, name := range []string{"team-a", "team-b"} {
			bindings := c.must(t, "", "get", "rolebindings", "--namespace", name, "--output", "name")
			if strings.Contains(bindings, "zen-lead-manager") != (name == step.watched) {
				t.Errorf("after %v there is in %s: %s", step.arguments, name, bindings)
			}
		}
	}
	c.removes(t, before)
}

// isTakenOver installs with kustomize first. The Deployment stays the same object.
func (c controlPlane) isTakenOver(t *testing.T) {
	before := c.everything(t)
	for overlay, mode := range map[string]string{"default": "own", "cluster-wide": "all"} {
		c.must(t, "", "apply", "--server-side", "-k", root+"/config/"+overlay)
		identity := func() string {
			return c.must(t, "", "get", "deployment", "zen-lead", "--namespace", namespace, "--output", "jsonpath={.metadata.uid}")
		}
		former := identity()
		if said, err := c.helm(t, "watch: {mode: "+mode+"}", "install", "zen-lead", directory, "--take-ownership", "--force-conflicts"); err != nil {
			t.Fatal(err, said)
		}
		if identity() != former {
			t.Error("the Deployment is another one")
		}
		c.removes(t, before)
	}
}

// removes has Helm remove the release, and waits until everything is as it was before.
func (c controlPlane) removes(t *testing.T, before string) {
	t.Helper()
	if said, err := c.helm(t, "", "uninstall", "zen-lead", "--cascade", "foreground", "--wait"); err != nil {
		t.Fatal(err, said)
	}
	deadline := time.Now().Add(time.Minute)
	for after := c.everything(t); after != before; after = c.everything(t) {
		if time.Now().After(deadline) {
			t.Fatalf("before there was\n%s\nand after it has been removed\n%s", before, after)
		}
		time.Sleep(time.Second)
	}
}

// everything are the names of all objects of the kinds that Helm and the chart make, and of those that follow from them.
func (c controlPlane) everything(t *testing.T) string {
	t.Helper()
	return c.must(t, "", "get", "clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts,services,endpointslices,deployments,replicasets,pods,"+
		"poddisruptionbudgets,networkpolicies,configmaps,secrets", "--all-namespaces", "--output", "name")
}
