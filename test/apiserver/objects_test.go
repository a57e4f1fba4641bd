package apiserver

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

func (w *world) key(name string) client.ObjectKey {
	return client.ObjectKey{Namespace: w.namespace, Name: name}
}

func (w *world) service(name string) *corev1.Service {
	GinkgoHelper()
	service := &corev1.Service{}
	Expect(admin.Get(w.ctx, w.key(name), service)).To(Succeed())
	return service
}

func (w *world) slice(name string) *discoveryv1.EndpointSlice {
	GinkgoHelper()
	slice := &discoveryv1.EndpointSlice{}
	Expect(admin.Get(w.ctx, w.key(name), slice)).To(Succeed())
	return slice
}

// exists returns a poll of whether an object exists.
func (w *world) exists(object client.Object, name string) func() bool {
	return func() bool {
		err := admin.Get(w.ctx, w.key(name), object)
		if !apierrors.IsNotFound(err) {
			Expect(err).NotTo(HaveOccurred())
		}
		return err == nil
	}
}

// change applies a change to an object, again if somebody else was faster.
func change[T client.Object](w *world, object T, name string, apply func(T)) {
	GinkgoHelper()
	changeAs(admin, w, object, name, apply)
}

// changeAs does the same as somebody else.
func changeAs[T client.Object](somebody client.Client, w *world, object T, name string, apply func(T)) {
	GinkgoHelper()
	Eventually(func() error {
		if err := somebody.Get(w.ctx, w.key(name), object); err != nil {
			return err
		}
		apply(object)
		return somebody.Update(w.ctx, object)
	}).Should(Succeed())
}

func (w *world) annotate(service, key, value string) {
	GinkgoHelper()
	change(w, &corev1.Service{}, service, func(s *corev1.Service) { metav1.SetMetaDataAnnotation(&s.ObjectMeta, key, value) })
}

func (w *world) unannotate(service, key string) {
	GinkgoHelper()
	change(w, &corev1.Service{}, service, func(s *corev1.Service) { delete(s.Annotations, key) })
}

// respec changes the spec of my-app.
func (w *world) respec(apply func(*corev1.ServiceSpec)) {
	GinkgoHelper()
	change(w, &corev1.Service{}, "my-app", func(s *corev1.Service) { apply(&s.Spec) })
}

// deleteService deletes a Service.
func (w *world) deleteService(name string, options ...client.DeleteOption) {
	GinkgoHelper()
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}}
	Expect(admin.Delete(w.ctx, service, options...)).To(Succeed())
}

// made returns a poll of what was made for a source, as "Service name" and "EndpointSlice name", and its resourceVersions.
func (w *world) made(source string) func() map[string]string {
	return func() map[string]string {
		mark := client.MatchingLabels{contract.LabelSourceService: source}
		var services corev1.ServiceList
		Expect(admin.List(w.ctx, &services, client.InNamespace(w.namespace), mark)).To(Succeed())
		var slices discoveryv1.EndpointSliceList
		Expect(admin.List(w.ctx, &slices, client.InNamespace(w.namespace), mark)).To(Succeed())
		made := map[string]string{}
		for _, service := range services.Items {
			made["Service "+service.Name] = service.ResourceVersion
		}
		for _, slice := range slices.Items {
			made["EndpointSlice "+slice.Name] = slice.ResourceVersion
		}
		return made
	}
}

// nothingMade asserts that nothing exists that was made for a source, and that nothing appears.
func (w *world) nothingMade(source string) {
	GinkgoHelper()
	Eventually(w.made(source)).Should(BeEmpty())
	Consistently(w.made(source)).WithTimeout(300 * time.Millisecond).Should(BeEmpty())
}
