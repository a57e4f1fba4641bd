package zenlead

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/operator-framework/operator-registry/alpha/declcfg"

	"github.com/operator-framework/operator-controller/internal/operator-controller/resolve"
	"github.com/operator-framework/operator-controller/internal/operator-controller/rukpak/bundle/source"
	"github.com/operator-framework/operator-controller/internal/operator-controller/rukpak/render"
	"github.com/operator-framework/operator-controller/internal/operator-controller/rukpak/render/registryv1"
)

const (
	root      = "../../.."
	namespace = "zen-lead-system"
)

// modes are the ways of installing that OLM v1 has: by the namespaces that the operator watches.
var modes = map[string][]string{"AllNamespaces": {""}, "OwnNamespace": {namespace}, "SingleNamespace": {"team-a"}}

func TestBundlesAreRenderedInEveryMode(t *testing.T) {
	for _, variant := range []string{"prometheus", "core"} {
		bundle, err := source.FromFS(os.DirFS(filepath.Join(root, "bundle", variant))).GetBundle()
		if err != nil {
			t.Fatal(err)
		}
		for mode, watched := range modes {
			t.Run(variant+" "+mode, func(t *testing.T) {
				objects, err := registryv1.Renderer.Render(bundle, namespace, render.WithTargetNamespaces(watched...))
				if err != nil {
					t.Fatal(err)
				}
				checkDeployment(t, objects, watched[0])
				checkRights(t, objects, watched[0])
			})
		}
	}
}

// checkDeployment is that the operator is told what to watch.
func checkDeployment(t *testing.T, objects []client.Object, watched string) {
	t.Helper()
	for _, object := range objects {
		if deployment, is := object.(*appsv1.Deployment); is {
			template := deployment.Spec.Template
			source := template.Spec.Containers[0].Env[0].ValueFrom.FieldRef.FieldPath
			if got := template.Annotations["olm.targetNamespaces"]; got != watched || source != "metadata.annotations['olm.targetNamespaces']" {
				t.Errorf("it watches %q by %s, and should watch %q", got, source, watched)
			}
			return
		}
	}
	t.Error("there is no Deployment")
}

// checkRights is that the operator may write Services in what it watches, and has no other cluster-wide rights than asking who reads its
// metrics, unless it watches all.
func checkRights(t *testing.T, objects []client.Object, watched string) {
	t.Helper()
	found := map[string]bool{}
	for _, object := range objects {
		switch role := object.(type) {
		case *rbacv1.Role:
			found[role.Namespace] = found[role.Namespace] || writesServices(role.Rules)
		case *rbacv1.ClusterRole:
			found[""] = found[""] || writesServices(role.Rules)
		}
	}
	for in, writes := range found {
		if writes != (in == watched) {
			t.Errorf("it may write Services in %q: %v", in, writes)
		}
	}
	if !found[watched] {
		t.Errorf("it may not write Services in %q", watched)
	}
}

func writesServices(rules []rbacv1.PolicyRule) bool {
	return slices.ContainsFunc(rules, func(rule rbacv1.PolicyRule) bool {
		return slices.Contains(rule.Resources, "services") && slices.Contains(rule.Verbs, "update")
	})
}

func TestTheCatalogsBundlesHaveNoDependencies(t *testing.T) {
	catalog, err := declcfg.LoadFS(t.Context(), os.DirFS(filepath.Join(root, "catalog", "zen-lead")))
	if err != nil {
		t.Fatal(err)
	}
	if len(catalog.Bundles) < 2 {
		t.Errorf("there are %d bundles", len(catalog.Bundles))
	}
	for _, bundle := range catalog.Bundles {
		if err := resolve.NoDependencyValidation(&bundle); err != nil {
			t.Errorf("%s: %v", bundle.Name, err)
		}
	}
}
