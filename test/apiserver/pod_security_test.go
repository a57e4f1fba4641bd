package apiserver

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var _ = Describe("Every Pod of what ships", func() {
	It("is let in where the API server enforces restricted Pod security", func(ctx SpecContext) {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			GenerateName: "restricted-", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
		}}
		Expect(admin.Create(ctx, namespace)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(admin.Delete(ctx, namespace)).To(Succeed()) })
		try := func(spec corev1.PodSpec) error {
			return admin.Create(ctx, &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{GenerateName: "pod-", Namespace: namespace.Name}, Spec: spec,
			}, client.DryRunAll)
		}
		operators := 0
		for where, objects := range shipped(ctx) {
			for _, object := range objects {
				for _, template := range podTemplates(object) {
					By(where + " " + object.GetName())
					Expect(try(template.Spec)).To(Succeed())
					needsNothing(template.Spec)
					if template.Labels["app.kubernetes.io/name"] == "zen-lead" {
						operators++
					}
					// Proof that the label is heeded.
					template.Spec.Containers[0].SecurityContext.AllowPrivilegeEscalation = ptr.To(true)
					Expect(try(template.Spec)).To(MatchError(apierrors.IsForbidden, "forbidden"))
				}
			}
		}
		Expect(operators).To(Equal(5), "default, cluster-wide, many-namespaces and two bundles")
	})
})

// needsNothing asserts what goes beyond that standard: nothing can be written, and no token is there that is not needed.
func needsNothing(spec corev1.PodSpec) {
	GinkgoHelper()
	Expect(spec.AutomountServiceAccountToken).To(HaveValue(Equal(spec.ServiceAccountName != "")),
		"only who asks the API server for something has a token: the operator, and the sample that elects its own leader")
	Expect(spec.SecurityContext.SeccompProfile.Type).To(Equal(corev1.SeccompProfileTypeRuntimeDefault))
	Expect(spec.SecurityContext.RunAsNonRoot).To(HaveValue(BeTrue()))
	Expect(spec.InitContainers).To(BeEmpty())
	for _, container := range spec.Containers {
		Expect(container.SecurityContext.ReadOnlyRootFilesystem).To(HaveValue(BeTrue()))
		Expect(container.SecurityContext.Capabilities).To(Equal(&corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}))
	}
}
