package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// parts are what a kustomization's objects become in a bundle.
type parts struct {
	csv, deployment, scorecard *unstructured.Unstructured
	// permissions and clusterPermissions are the rules that the Deployment's ServiceAccount has by Roles and by ClusterRoles.
	permissions, clusterPermissions []any
	// objects are the rest.
	objects []*unstructured.Unstructured
}

// build does what `kustomize build` does.
func build(directory string) ([]*unstructured.Unstructured, error) {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), directory)
	if err != nil {
		return nil, fmt.Errorf("kustomize build: %w", err)
	}
	objects := make([]*unstructured.Unstructured, 0, built.Size())
	for _, resource := range built.Resources() {
		content, err := resource.MarshalJSON()
		if err != nil {
			return nil, err
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(content); err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// sortIntoParts finds each object's place.
func sortIntoParts(objects []*unstructured.Unstructured) (*parts, error) {
	sorted := &parts{}
	for kind, place := range map[string]**unstructured.Unstructured{
		"ClusterServiceVersion": &sorted.csv, "Deployment": &sorted.deployment, "Configuration": &sorted.scorecard,
	} {
		found := ofKind(objects, kind)
		if len(found) != 1 {
			return nil, fmt.Errorf("there are %d objects of kind %s, and should be one", len(found), kind)
		}
		*place = found[0]
	}
	taken := map[*unstructured.Unstructured]bool{sorted.csv: true, sorted.deployment: true, sorted.scorecard: true}
	account, _, _ := unstructured.NestedString(sorted.deployment.Object, "spec", "template", "spec", "serviceAccountName")
	for _, object := range ofKind(objects, "ServiceAccount") {
		taken[object] = object.GetName() == account // OLM makes it, because the rights name it
	}
	for kind, rules := range map[string]*[]any{"Role": &sorted.permissions, "ClusterRole": &sorted.clusterPermissions} {
		bound, err := boundTo(account, kind, objects)
		if err != nil {
			return nil, err
		}
		for _, object := range bound {
			taken[object] = true
			granted, _, _ := unstructured.NestedSlice(object.Object, "rules")
			*rules = append(*rules, granted...)
		}
	}
	for _, object := range objects {
		if !taken[object] {
			sorted.objects = append(sorted.objects, object)
		}
	}
	return sorted, nil
}

// boundTo are the roles of a kind that a ServiceAccount is bound to, and the bindings.
func boundTo(account, kind string, objects []*unstructured.Unstructured) (found []*unstructured.Unstructured, err error) {
	for _, binding := range ofKind(objects, kind+"Binding") {
		subjects, _, _ := unstructured.NestedSlice(binding.Object, "subjects")
		if len(subjects) != 1 || subjects[0].(map[string]any)["name"] != account {
			continue
		}
		name, _, _ := unstructured.NestedString(binding.Object, "roleRef", "name")
		roles := named(name, ofKind(objects, kind))
		if len(roles) != 1 {
			return nil, fmt.Errorf("%s %s names %d roles", binding.GetKind(), binding.GetName(), len(roles))
		}
		found = append(found, binding, roles[0])
	}
	return found, nil
}

func ofKind(objects []*unstructured.Unstructured, kind string) (found []*unstructured.Unstructured) {
	for _, object := range objects {
		if object.GetKind() == kind {
			found = append(found, object)
		}
	}
	return found
}

func named(name string, objects []*unstructured.Unstructured) (found []*unstructured.Unstructured) {
	for _, object := range objects {
		if object.GetName() == name {
			found = append(found, object)
		}
	}
	return found
}
