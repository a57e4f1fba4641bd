package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Names in config/default.
const (
	operatorName      = "zen-lead"
	operatorNamespace = "zen-lead-system"
	metricsService    = "zen-lead-metrics"
	metricsReader     = "zen-lead-metrics-reader"
)

// refuseForeignInstallation keeps the suite from removing an operator that somebody uses.
func refuseForeignInstallation() {
	GinkgoHelper()
	namespace := &corev1.Namespace{}
	err := admin.Get(ctx, client.ObjectKey{Name: operatorNamespace}, namespace)
	if apierrors.IsNotFound(err) {
		return
	}
	Expect(err).NotTo(HaveOccurred())
	Expect(namespace.Labels).To(HaveKeyWithValue(partOf, partOfSuite),
		"the namespace %s is there already: the suite would remove what is installed in it", operatorNamespace)
}

// manifests are what is installed.
var manifests string

func installOperator() {
	GinkgoHelper()
	kubectl(manifests, "apply", "--server-side", "-f", "-")
}

// operatorManifests are those of config/cluster-wide with the image under test and the suite's label.
func operatorManifests() string {
	GinkgoHelper()
	folder, err := filepath.Abs("../../config/cluster-wide")
	Expect(err).NotTo(HaveOccurred())
	return overlay(folder, variable("IMAGE", "zen-lead:dev"))
}

// overlay are the manifests of a folder, with another image of the operator and the suite's label.
func overlay(folder, operatorImage string) string {
	GinkgoHelper()
	directory, err := filepath.EvalSymlinks(GinkgoT().TempDir())
	Expect(err).NotTo(HaveOccurred())
	folder, err = filepath.EvalSymlinks(folder)
	Expect(err).NotTo(HaveOccurred())
	base, err := filepath.Rel(directory, folder) // kustomize refuses absolute paths
	Expect(err).NotTo(HaveOccurred())
	image := kustomizeImage(operatorImage)
	image["name"] = "zen-lead"
	kustomization, err := json.Marshal(map[string]any{ // which is YAML too
		"resources": []string{filepath.ToSlash(base)},
		"labels":    []any{map[string]any{"pairs": map[string]string{partOf: partOfSuite}}},
		"images":    []any{image},
	})
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(filepath.Join(directory, "kustomization.yaml"), kustomization, 0o600)).To(Succeed())
	return kubectl("", "kustomize", directory)
}

// kustomizeImage takes an image's name apart: registry.example:5000/zen-lead:1.0 or registry.example/zen-lead@sha256:...
func kustomizeImage(image string) map[string]string {
	if name, digest, found := strings.Cut(image, "@"); found {
		return map[string]string{"newName": name, "digest": digest}
	}
	if colon := strings.LastIndex(image, ":"); colon > strings.LastIndex(image, "/") {
		return map[string]string{"newName": image[:colon], "newTag": image[colon+1:]}
	}
	return map[string]string{"newName": image, "newTag": "latest"}
}

func kubectl(input string, arguments ...string) string {
	GinkgoHelper()
	return outputOf(variable("KUBECTL", "kubectl"), input, arguments...)
}

// outputOf runs a program, which has to succeed, and returns what it prints.
func outputOf(program, input string, arguments ...string) string {
	GinkgoHelper()
	process := exec.CommandContext(ctx, program, arguments...)
	process.Stdin = strings.NewReader(input)
	failure := &bytes.Buffer{}
	process.Stderr = failure
	output, err := process.Output()
	Expect(err).NotTo(HaveOccurred(), "%s %s: %s%s", filepath.Base(program), strings.Join(arguments, " "), failure, output)
	return string(output)
}

// operatorReplicas are the operator's Pods that are Ready and not about to end.
func operatorReplicas() []corev1.Pod {
	pods := &corev1.PodList{}
	if admin.List(ctx, pods, client.InNamespace(operatorNamespace), client.MatchingLabels{"app.kubernetes.io/name": operatorName}) != nil {
		return nil
	}
	return readyOf(pods.Items)
}

// actingReplica is the name of the Pod that holds the operator's Lease.
func actingReplica() (string, error) {
	lease := &coordinationv1.Lease{}
	if err := admin.Get(ctx, client.ObjectKey{Namespace: operatorNamespace, Name: operatorName}, lease); err != nil {
		return "", err
	}
	if lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" {
		return "", errors.New("nobody holds the Lease")
	}
	pod, _, _ := strings.Cut(*lease.Spec.HolderIdentity, "_")
	return pod, nil
}

func operatorPod(name string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: name}}
}
