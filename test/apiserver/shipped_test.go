package apiserver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
)

// shipped are objects by where they come from: an overlay of config/, or a bundle.
func shipped(ctx context.Context) map[string][]unstructured.Unstructured {
	GinkgoHelper()
	objects := map[string][]unstructured.Unstructured{}
	for _, overlay := range overlaysOfConfig() {
		built, err := exec.CommandContext(ctx, plane.Kubectl, "kustomize", filepath.Join("../../config", overlay)).Output()
		Expect(err).NotTo(HaveOccurred(), overlay)
		objects["config/"+overlay] = decode(built)
	}
	manifests, err := filepath.Glob("../../bundle/*/manifests/*.yaml")
	Expect(err).NotTo(HaveOccurred())
	for _, manifest := range manifests {
		content, err := os.ReadFile(manifest)
		Expect(err).NotTo(HaveOccurred())
		bundle := "bundle/" + filepath.Base(filepath.Dir(filepath.Dir(manifest)))
		objects[bundle] = append(objects[bundle], decode(content)...)
	}
	return objects
}

func decode(manifest []byte) (objects []unstructured.Unstructured) {
	GinkgoHelper()
	for decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096); ; {
		var object unstructured.Unstructured
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return objects
		}
		Expect(err).NotTo(HaveOccurred())
		objects = append(objects, object)
	}
}

// podTemplates are the templates of the Pods that an object makes. In a bundle OLM makes the Deployments.
func podTemplates(object unstructured.Unstructured) (templates []corev1.PodTemplateSpec) {
	GinkgoHelper()
	specs := []any{object.Object["spec"]}
	if object.GetKind() == "ClusterServiceVersion" {
		deployments, _, err := unstructured.NestedSlice(object.Object, "spec", "install", "spec", "deployments")
		Expect(err).NotTo(HaveOccurred())
		specs = nil
		for _, deployment := range deployments {
			specs = append(specs, deployment.(map[string]any)["spec"])
		}
	}
	for _, spec := range specs {
		content, isMap := spec.(map[string]any)
		template, found := content["template"].(map[string]any)
		if !isMap || !found {
			continue
		}
		var typed corev1.PodTemplateSpec
		Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(template, &typed)).To(Succeed())
		templates = append(templates, typed)
	}
	return templates
}
