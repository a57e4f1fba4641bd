package main

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// completeCSV adds to the base of a ClusterServiceVersion what differs from release to release, and what OLM installs.
func completeCSV(p *parts, v variant, r release, icon string) error {
	csv := p.csv
	csv.SetName(v.csvName(r.Version))
	annotations := csv.GetAnnotations()
	annotations["containerImage"] = r.Image
	annotations["createdAt"] = r.Created
	if r.Version != firstVersion {
		annotations["olm.skipRange"] = skipRange(r.Version)
	}
	csv.SetAnnotations(annotations)
	if err := setImage(p.deployment, r.Image); err != nil {
		return err
	}
	spec := csv.Object["spec"].(map[string]any)
	spec["version"] = v.version(r.Version)
	if r.replaces != "" {
		spec["replaces"] = v.csvName(r.replaces)
	}
	spec["icon"] = []any{map[string]any{"mediatype": "image/svg+xml", "base64data": icon}}
	spec["relatedImages"] = []any{map[string]any{"name": packageName, "image": r.Image}}
	spec["install"] = install(p, r)
	return nil
}

// install is what OLM makes: the Deployment, and a ServiceAccount with its rights.
func install(p *parts, r release) map[string]any {
	account, _, _ := unstructured.NestedString(p.deployment.Object, "spec", "template", "spec", "serviceAccountName")
	granted := func(rules []any) []any {
		return []any{map[string]any{"serviceAccountName": account, "rules": rules}}
	}
	label(p.deployment, r.Version)
	return map[string]any{
		"strategy": "deployment",
		"spec": map[string]any{
			"permissions":        granted(p.permissions),
			"clusterPermissions": granted(p.clusterPermissions),
			"deployments": []any{map[string]any{
				"name": p.deployment.GetName(), "label": p.deployment.Object["metadata"].(map[string]any)["labels"], "spec": p.deployment.Object["spec"],
			}},
		},
	}
}

// setImage gives the one container its image.
func setImage(deployment *unstructured.Unstructured, image string) error {
	containers, _, err := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	if err != nil || len(containers) != 1 {
		return errors.Join(err, fmt.Errorf("the Deployment has %d containers, and should have one", len(containers)))
	}
	containers[0].(map[string]any)["image"] = image
	return unstructured.SetNestedSlice(deployment.Object, containers, "spec", "template", "spec", "containers")
}

// skipRange are the versions that a version can be reached from in one step: all older ones.
func skipRange(version string) string {
	return fmt.Sprintf(">=%s <%s", firstVersion, version)
}
