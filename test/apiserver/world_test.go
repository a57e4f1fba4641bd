package apiserver

import (
	"context"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers"
	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

// world is one test's namespace, with an operator that watches it.
type world struct {
	ctx       context.Context
	namespace string
	operator  *operator
	clock     clock.PassiveClock
	addresses atomic.Int64
}

// operator is a running operator.
type operator struct {
	registry *prometheus.Registry
	health   string // where it serves its probes; "0" for nowhere
	stop     context.CancelFunc
	done     chan error
	ended    bool
}

// startOption changes how an operator is started, or how it reaches the API server.
type startOption func(*controllers.Options, *rest.Config)

// newWorld makes a namespace and starts an operator in it.
func newWorld() *world {
	w := newQuietWorld()
	w.startOperator()
	return w
}

// newQuietWorld makes a namespace without an operator.
func newQuietWorld() *world {
	GinkgoHelper()
	w := &world{ctx: context.Background(), clock: clock.RealClock{}}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "t-"}}
	Expect(admin.Create(w.ctx, namespace)).To(Succeed())
	w.namespace = namespace.Name
	grant(w.ctx, w.namespace, controlplane.RoleWatched)
	Eventually(w.mayWork).Should(BeTrue())
	DeferCleanup(func() {
		w.stopOperator()
		Expect(client.IgnoreNotFound(admin.Delete(w.ctx, namespace))).To(Succeed())
	})
	return w
}

// mayWork is whether the API server has taken notice of the operator's rights.
func (w *world) mayWork() bool {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:               operatorUser,
		ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: w.namespace, Verb: "list", Resource: "pods"},
	}}
	Expect(admin.Create(w.ctx, review)).To(Succeed())
	return review.Status.Allowed
}

// newLedWorld makes a world in which my-app is opted in and its Pod a leads.
func newLedWorld() *world {
	GinkgoHelper()
	w := newWorld()
	w.aService("my-app").create()
	w.aPod("my-app", "a").create()
	w.switched("my-app", "a", 1, contract.ReasonElected)
	return w
}

// startOperator starts the world's operator, which acts.
func (w *world) startOperator(options ...startOption) {
	GinkgoHelper()
	Expect(w.operator).To(BeNil())
	w.operator = w.start(options...)
}

// start starts one operator more.
func (w *world) start(options ...startOption) *operator {
	GinkgoHelper()
	ctx, cancel := context.WithCancel(w.ctx)
	started := &operator{registry: prometheus.NewRegistry(), stop: cancel, done: make(chan error, 1)}
	config, settings := rest.CopyConfig(operatorConfig), controllers.Options{
		Namespaces:              []string{w.namespace},
		MetricsBindAddress:      "0",
		HealthProbeBindAddress:  "0",
		MaxConcurrentReconciles: 4,
		Clock:                   w.clock,
		Registerer:              started.registry,
		SkipNameValidation:      true,
	}
	for _, apply := range options {
		apply(&settings, config)
	}
	started.health = settings.HealthProbeBindAddress
	manager, err := controllers.NewManager(ctx, config, settings)
	Expect(err).NotTo(HaveOccurred())
	go func() { started.done <- manager.Start(ctx) }()
	DeferCleanup(started.end)
	return started
}

// end stops the operator, if it runs.
func (o *operator) end() {
	GinkgoHelper()
	if o.ended {
		return
	}
	o.ended = true
	o.stop()
	Eventually(o.done).WithTimeout(30 * time.Second).Should(Receive(Succeed()))
}

func (w *world) stopOperator() {
	GinkgoHelper()
	if w.operator == nil {
		return
	}
	w.operator.end()
	w.operator = nil
}
