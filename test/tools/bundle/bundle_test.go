package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/operator-framework/api/pkg/manifests"
	"github.com/operator-framework/api/pkg/operators/v1alpha1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// root is the repository's.
const root = "../../.."

// load loads a bundle as it is in the repository.
func load(t *testing.T, v variant) *manifests.Bundle {
	t.Helper()
	bundle, err := manifests.GetBundleFromDir(filepath.Join(root, "bundle", v.name))
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

// ofEach runs a test on each variant.
func ofEach(t *testing.T, test func(t *testing.T, v variant, bundle *manifests.Bundle)) {
	t.Helper()
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) { test(t, v, load(t, v)) })
	}
}

func TestValidatorsHaveNothingToSay(t *testing.T) {
	for _, v := range variants {
		problems, err := validate(filepath.Join(root, "bundle", v.name))
		if err != nil || len(problems) > 0 {
			t.Error(err, strings.Join(problems, "\n"))
		}
	}
}

func TestValidatorsAreHeard(t *testing.T) {
	directory := t.TempDir()
	if err := os.CopyFS(directory, os.DirFS(filepath.Join(root, "bundle", "core"))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(directory, "manifests", "zen-lead.clusterserviceversion.yaml")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for before, after := range map[string]string{
		"capabilities: Seamless Upgrades": "capabilities: Everything",
		"minKubeVersion: 1.24.0":          "minKubeVersion: soon",
		"name: zen-lead.v":                "name: zen-lead-",
		"email: maintainers@zen-lead.io":  "email: nobody",
		"mediatype: image/svg+xml":        "mediatype: image/tiff",
		"alm-examples: '[]'":              "alm-examples: '[{'",
		"categories: Networking":          "categories: Miscellaneous",
	} {
		changed := strings.Replace(string(content), before, after, 1)
		if changed == string(content) {
			t.Errorf("there is no %q", before)
			continue
		}
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		if problems, err := validate(directory); err == nil && len(problems) == 0 {
			t.Errorf("nobody minds %q", after)
		}
	}
}

// TestRightsAreThoseOfTheContract repeats section 6 of the contract. OLM grants the first list in each watched namespace and in the
// operator's own.
func TestRightsAreThoseOfTheContract(t *testing.T) {
	read, write := []string{"get", "list", "watch"}, []string{"create", "delete", "get", "list", "patch", "update", "watch"}
	namespaced := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: read},
		{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: write},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: read},
		{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: write},
		{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices/restricted"}, Verbs: []string{"create"}},
		{APIGroups: []string{"events.k8s.io"}, Resources: []string{"events"}, Verbs: []string{"create", "patch"}},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"create"}},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, ResourceNames: []string{"zen-lead"}, Verbs: []string{"get", "update"}},
	}
	clusterWide := []rbacv1.PolicyRule{
		{APIGroups: []string{"authentication.k8s.io"}, Resources: []string{"tokenreviews"}, Verbs: []string{"create"}},
		{APIGroups: []string{"authorization.k8s.io"}, Resources: []string{"subjectaccessreviews"}, Verbs: []string{"create"}},
	}
	ofEach(t, func(t *testing.T, _ variant, bundle *manifests.Bundle) {
		install := bundle.CSV.Spec.InstallStrategy.StrategySpec
		for _, each := range []struct {
			got  []v1alpha1.StrategyDeploymentPermissions
			want []rbacv1.PolicyRule
		}{{install.Permissions, namespaced}, {install.ClusterPermissions, clusterWide}} {
			if len(each.got) != 1 || each.got[0].ServiceAccountName != "zen-lead" || !slices.EqualFunc(each.got[0].Rules, each.want, sameRule) {
				t.Errorf("got %+v\nwant %+v", each.got, each.want)
			}
		}
	})
}

func sameRule(a, b rbacv1.PolicyRule) bool {
	return a.String() == b.String()
}

func TestImageAndVersionAreTheReleasesEverywhere(t *testing.T) {
	recorded, err := readReleases(filepath.Join(root, "bundle", "releases.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	newest := recorded.newest()
	if !regexp.MustCompile(`^ghcr\.io/zen-lead/zen-lead@sha256:[0-9a-f]{64}$`).MatchString(newest.Image) {
		t.Errorf("the image is %q", newest.Image)
	}
	ofEach(t, func(t *testing.T, v variant, bundle *manifests.Bundle) {
		csv := bundle.CSV
		images := []string{csv.Annotations["containerImage"]}
		for _, related := range csv.Spec.RelatedImages {
			images = append(images, related.Image)
		}
		for _, deployment := range csv.Spec.InstallStrategy.StrategySpec.DeploymentSpecs {
			for _, container := range deployment.Spec.Template.Spec.Containers {
				images = append(images, container.Image)
			}
		}
		if !slices.Equal(images, []string{newest.Image, newest.Image, newest.Image}) {
			t.Errorf("the images are %v, and should be %s", images, newest.Image)
		}
		if csv.Name != v.csvName(newest.Version) || csv.Spec.Version.String() != v.version(newest.Version) || csv.Annotations["createdAt"] != newest.Created {
			t.Errorf("got %s, %s, %s", csv.Name, csv.Spec.Version, csv.Annotations["createdAt"])
		}
		for _, object := range bundle.Objects {
			if object.GetKind() != v1alpha1.ClusterServiceVersionKind && object.GetLabels()[versionLabel] != newest.Version {
				t.Errorf("%s %s has version %q", object.GetKind(), object.GetName(), object.GetLabels()[versionLabel])
			}
		}
	})
}

func TestTheVariantsDifferInMonitoringOnly(t *testing.T) {
	core, whole := load(t, variants[1]), load(t, variants[0])
	for _, object := range core.Objects {
		if group := object.GroupVersionKind().Group; strings.HasSuffix(group, "coreos.com") && object.GetKind() != v1alpha1.ClusterServiceVersionKind {
			t.Errorf("the core has a %s", object.GetKind())
		}
	}
	var more []string
	for _, object := range whole.Objects {
		if !slices.ContainsFunc(core.Objects, sameAs(object)) {
			more = append(more, object.GetKind())
		}
	}
	slices.Sort(more)
	if want := []string{"ConfigMap", "ConfigMap", "PrometheusRule", "Role", "RoleBinding", "ServiceMonitor"}; !slices.Equal(more, want) {
		t.Errorf("the other has %v more, and should have %v", more, want)
	}
	a, errA := yaml.Marshal(core.CSV.Spec.InstallStrategy)
	b, errB := yaml.Marshal(whole.CSV.Spec.InstallStrategy)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Error("they install different operators", errA, errB)
	}
}

// sameAs tells the object of that kind and name; a bundle has one ClusterServiceVersion, whatever its name.
func sameAs(object *unstructured.Unstructured) func(*unstructured.Unstructured) bool {
	return func(other *unstructured.Unstructured) bool {
		return other.GetKind() == object.GetKind() &&
			(other.GetName() == object.GetName() || other.GetKind() == v1alpha1.ClusterServiceVersionKind)
	}
}

func TestAllInstallModesAreSupportedAndNothingIsOwned(t *testing.T) {
	ofEach(t, func(t *testing.T, _ variant, bundle *manifests.Bundle) {
		spec := bundle.CSV.Spec
		for _, mode := range []v1alpha1.InstallModeType{"OwnNamespace", "SingleNamespace", "MultiNamespace", "AllNamespaces"} {
			if !slices.Contains(spec.InstallModes, v1alpha1.InstallMode{Type: mode, Supported: true}) {
				t.Errorf("%s is not supported", mode)
			}
		}
		if owned := spec.CustomResourceDefinitions; len(owned.Owned)+len(owned.Required)+len(spec.WebhookDefinitions)+len(bundle.V1CRDs) > 0 {
			t.Errorf("it has custom resources or webhooks: %+v", owned)
		}
	})
}

func TestDockerfileHasTheBundlesLabels(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "bundle.Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(content), "$CHANNELS", strings.Join(variants[0].channels, ","))
	got := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^LABEL ([^=]+)=(.*)$`).FindAllStringSubmatch(text, -1) {
		got[match[1]] = match[2]
	}
	if want := metadata(variants[0]); !maps.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	for _, v := range variants {
		if channels := "CHANNELS=" + strings.Join(v.channels, ","); !strings.Contains(text, channels) {
			t.Errorf("it does not say %s", channels)
		}
	}
}

func TestEveryKustomizationBuilds(t *testing.T) {
	for _, directory := range kustomizations(t) {
		if objects, err := build(directory); err != nil || len(objects) == 0 {
			t.Errorf("%s: %d objects, %v", directory, len(objects), err)
		}
	}
}

// kustomizations are all of config/ but components, which build nothing by themselves.
func kustomizations(t *testing.T) (directories []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, "config"), func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Base(path) != "kustomization.yaml" {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && !strings.Contains(string(content), "kind: Component") {
			directories = append(directories, filepath.Dir(path))
		}
		return err
	})
	if err != nil || len(directories) < 10 {
		t.Fatalf("found %v, %v", directories, err)
	}
	return directories
}

func TestManyNamespacesAreGrantedAsTheyAreWatched(t *testing.T) {
	objects, err := build(filepath.Join(root, "config", "many-namespaces"))
	if err != nil {
		t.Fatal(err)
	}
	var granted []string
	for _, binding := range named("zen-lead-manager", ofKind(objects, "RoleBinding")) {
		granted = append(granted, binding.GetNamespace())
	}
	containers, _, err := unstructured.NestedSlice(ofKind(objects, "Deployment")[0].Object, "spec", "template", "spec", "containers")
	if err != nil {
		t.Fatal(err)
	}
	watched := containers[0].(map[string]any)["env"].([]any)[0].(map[string]any)
	if watched["name"] != "WATCH_NAMESPACE" || watched["value"] != strings.Join(granted, ",") {
		t.Errorf("%v, and granted in %v", watched, granted)
	}
	if len(named("zen-lead-manager", ofKind(objects, "ClusterRoleBinding"))) > 0 {
		t.Error("it is granted everywhere")
	}
}
