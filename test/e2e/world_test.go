package e2e

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// world is one test's namespace.
type world struct {
	namespace string
}

// newWorld makes a namespace that enforces restricted Pod security. It is deleted after the test; removeAll waits for that.
func newWorld() *world {
	GinkgoHelper()
	namespace := newNamespace("zen-lead-e2e-")
	DeferCleanup(func() { Expect(client.IgnoreNotFound(admin.Delete(ctx, namespace))).To(Succeed()) })
	return &world{namespace: namespace.Name}
}

func newNamespace(prefix string) *corev1.Namespace {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix, Labels: map[string]string{
		partOf: partOfSuite, "pod-security.kubernetes.io/enforce": "restricted",
	}}}
	Expect(admin.Create(ctx, namespace)).To(Succeed())
	return namespace
}

// newLedWorld makes a world in which my-app is opted in, its Pods are Ready and one of them leads.
func newLedWorld(replicas int32) (w *world, leader string) {
	GinkgoHelper()
	w = newWorld()
	w.aService("my-app").create()
	w.deploy("my-app", replicas)
	Eventually(w.readyPods("my-app")).Should(HaveLen(int(replicas)), reportAll)
	return w, w.elects("my-app")
}

func (w *world) key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: w.namespace, Name: name}
}

func (w *world) service(name string) *corev1.Service {
	GinkgoHelper()
	service := &corev1.Service{}
	Expect(admin.Get(ctx, w.key(name), service)).To(Succeed())
	return service
}

// change edits an object as a user does, again if somebody else has been faster.
func (w *world) change(object client.Object, name string, edit func()) {
	GinkgoHelper()
	Eventually(func() error {
		if err := admin.Get(ctx, w.key(name), object); err != nil {
			return err
		}
		edit()
		return admin.Update(ctx, object)
	}).Should(Succeed())
}
