package chart

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The parts of a ClusterServiceVersion, by names that no object has.
const (
	namespacedRights  = "rights in namespaces"
	clusterWideRights = "rights in the cluster"
	deployment        = "Deployment zen-lead-system/zen-lead"
)

// bundleOf has the objects of a bundle by name, and the parts of its ClusterServiceVersion that OLM makes objects of.
func bundleOf(t *testing.T, variant string) map[string]any {
	t.Helper()
	manifests, err := filepath.Glob(filepath.Join(root, "bundle", variant, "manifests", "*.yaml"))
	if err != nil || len(manifests) == 0 {
		t.Fatal(len(manifests), err)
	}
	var all []unstructured.Unstructured
	bundle := map[string]any{}
	for _, manifest := range manifests {
		content, err := os.ReadFile(manifest)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range decode(t, content) {
			if object.GetKind() == "ClusterServiceVersion" {
				takeApart(t, object, bundle)
				continue
			}
			if !strings.HasPrefix(object.GetKind(), "Cluster") {
				object.SetNamespace(namespace) // as OLM does
			}
			all = append(all, object)
		}
	}
	for name, object := range byName(all) {
		bundle[name] = object
	}
	return bundle
}

// takeApart finds what OLM makes of a ClusterServiceVersion. It tells the operator its namespaces by an annotation of its Pods.
func takeApart(t *testing.T, csv unstructured.Unstructured, bundle map[string]any) {
	t.Helper()
	install, _, err := unstructured.NestedMap(csv.Object, "spec", "install", "spec")
	if err != nil {
		t.Fatal(err)
	}
	for part, name := range map[string]string{"permissions": namespacedRights, "clusterPermissions": clusterWideRights} {
		permissions := install[part].([]any)
		if len(permissions) != 1 {
			t.Fatalf("there are %d %s, and should be one", len(permissions), part)
		}
		bundle[name] = permissions[0].(map[string]any)["rules"]
	}
	deployments := install["deployments"].([]any)
	if len(deployments) != 1 {
		t.Fatalf("there are %d Deployments, and should be one", len(deployments))
	}
	spec := deployments[0].(map[string]any)["spec"]
	withoutImage(spec)
	withoutWatched(spec)
	bundle[deployment] = spec
}

// withoutWatched takes out where the operator reads from what it watches.
func withoutWatched(deployment any) {
	container := container(deployment)
	container["env"] = slices.DeleteFunc(container["env"].([]any), func(variable any) bool {
		return variable.(map[string]any)["name"] == "WATCH_NAMESPACE"
	})
}

// asBundle has the same of what the chart makes.
func asBundle(made map[string]any) map[string]any {
	bundle := map[string]any{}
	for name, object := range made {
		switch kind, _, _ := strings.Cut(name, " "); {
		case kind == "ServiceAccount", strings.HasSuffix(kind, "RoleBinding"):
		case name == "Role zen-lead-system/zen-lead-manager":
			bundle[namespacedRights] = slices.Concat(rules(object), rules(made["Role zen-lead-system/zen-lead-leader-election"]))
		case name == "Role zen-lead-system/zen-lead-leader-election":
		case name == "ClusterRole /zen-lead-metrics-auth":
			bundle[clusterWideRights] = rules(object)
		case kind == "Deployment":
			spec := object.(map[string]any)["spec"]
			withoutWatched(spec)
			bundle[deployment] = spec
		default:
			bundle[name] = object
		}
	}
	return bundle
}

func rules(role any) []any {
	return role.(map[string]any)["rules"].([]any)
}
