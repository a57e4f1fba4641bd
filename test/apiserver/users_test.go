package apiserver

import (
	"maps"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// Rights that a user may have in a namespace.
var (
	everyVerb    = []string{"get", "list", "watch", "create", "update", "patch", "delete"}
	editServices = rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: everyVerb}
	editSlices   = rbacv1.PolicyRule{APIGroups: []string{discoveryv1.GroupName}, Resources: []string{"endpointslices"}, Verbs: everyVerb}
	labelPods    = rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list", "update", "patch"}}
)

// aUser is somebody who may do this in the world's namespace, and nothing else anywhere.
func (w *world) aUser(rights ...rbacv1.PolicyRule) client.Client {
	GinkgoHelper()
	resources := make([]string, 0, len(rights))
	for _, right := range rights {
		resources = append(resources, right.Resources...)
	}
	name := w.namespace + "-" + strings.Join(resources, "-")
	config, _, err := plane.AddUser(name)
	Expect(err).NotTo(HaveOccurred())
	Expect(plane.Grant(w.ctx, name, w.namespace, name, rights)).To(Succeed())
	user, err := client.New(config, client.Options{Scheme: admin.Scheme(), Mapper: admin.RESTMapper()})
	Expect(err).NotTo(HaveOccurred())
	Eventually(func() error { return user.List(w.ctx, listOf(rights[0]), client.InNamespace(w.namespace)) }).Should(Succeed())
	return user
}

func listOf(right rbacv1.PolicyRule) client.ObjectList {
	switch right.Resources[0] {
	case "services":
		return &corev1.ServiceList{}
	case "pods":
		return &corev1.PodList{}
	}
	return &discoveryv1.EndpointSliceList{}
}

// forgeRecord has a user write a record of his own on the leader Service of my-app, with the fingerprint that belongs to it.
func (w *world) forgeRecord(user client.Client, record leaderservice.Record) {
	GinkgoHelper()
	changeAs(user, w, &corev1.Service{}, "my-app-leader", func(s *corev1.Service) {
		forged, differs := leaderservice.UpdatedService(s, w.service("my-app"), record, false)
		Expect(differs).To(BeTrue())
		*s = *forged
	})
}

// foreignPod is a Pod that could lead, but that no Service of these tests selects.
func (w *world) foreignPod() *corev1.Pod {
	GinkgoHelper()
	return w.aPod("somebody-elses", "foreign").create()
}

// fillAnnotations gives an object as many annotations as the API allows.
func fillAnnotations(object metav1.Object) {
	annotations := maps.Clone(object.GetAnnotations())
	left := apivalidation.TotalAnnotationSizeLimitB
	for key, value := range annotations {
		left -= len(key) + len(value)
	}
	const key = "example.com/fill"
	annotations[key] = strings.Repeat("x", left-len(key))
	object.SetAnnotations(annotations)
}

// routedTo are the names of all Pods that the operator's slices for my-app have routed to.
func (h *history) routedTo() []string {
	names := sets.New[string]()
	for _, version := range h.events {
		slice, is := version.Object.(*discoveryv1.EndpointSlice)
		if !is || slice.Labels[contract.LabelSourceService] != "my-app" || slice.Labels[contract.LabelSliceManagedBy] != contract.ManagedBy {
			continue
		}
		for _, endpoint := range slice.Endpoints {
			names.Insert(endpoint.TargetRef.Name)
		}
	}
	return sets.List(names)
}
