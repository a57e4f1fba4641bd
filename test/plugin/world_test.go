package plugin

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/cmd/kubectl-zen_lead/plugin"
	"github.com/zen-lead/zen-lead/controllers"
	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/workload"
)

// world is one test's namespace.
type world struct {
	ctx        context.Context
	namespace  string
	kubeconfig string // of whoever uses the plugin
	pods       *workload.Pods
}

// newQuietWorld makes a namespace without an operator.
func newQuietWorld() *world {
	GinkgoHelper()
	w := &world{ctx: context.Background(), kubeconfig: plane.Kubeconfig}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "t-"}}
	Expect(admin.Create(w.ctx, namespace)).To(Succeed())
	w.namespace = namespace.Name
	w.pods = &workload.Pods{Client: clients, Namespace: w.namespace}
	DeferCleanup(func() { Expect(client.IgnoreNotFound(admin.Delete(w.ctx, namespace))).To(Succeed()) })
	return w
}

// newWorld makes a namespace with an operator.
func newWorld() *world {
	GinkgoHelper()
	w := newQuietWorld()
	w.startOperator()
	return w
}

// newLedWorld makes a world in which my-app is opted in, my-app-0 leads, and two more Pods are eligible.
func newLedWorld() *world {
	GinkgoHelper()
	w := newWorld()
	w.makeLed("my-app")
	return w
}

// makeLed makes a Service with three Pods, the first of which leads.
func (w *world) makeLed(service string) {
	GinkgoHelper()
	Expect(w.pods.MakeService(w.ctx, service, 1)).To(Succeed())
	Eventually(w.leader(service)).Should(Equal(service + "-0"))
	Expect(w.pods.Make(w.ctx, service+"-1")).To(Succeed())
	Expect(w.pods.Make(w.ctx, service+"-2")).To(Succeed())
}

// startOperator starts an operator for the namespace. It returns a function that ends it.
func (w *world) startOperator() func() {
	GinkgoHelper()
	ctx, cancel := context.WithCancel(w.ctx)
	manager, err := controllers.NewManager(ctx, plane.Config, controllers.Options{
		Namespaces: []string{w.namespace}, MetricsBindAddress: "0", HealthProbeBindAddress: "0", MaxConcurrentReconciles: 4,
		Registerer: prometheus.NewRegistry(), SkipNameValidation: true,
	})
	Expect(err).NotTo(HaveOccurred())
	done := make(chan error, 1)
	go func() { done <- manager.Start(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		Eventually(done).WithTimeout(30 * time.Second).Should(Receive(Succeed()))
	})
	DeferCleanup(stop)
	return stop
}

// leader returns a poll of the leader Service's status.
func (w *world) leader(service string) func() string {
	return func() string {
		found := &corev1.Service{}
		if admin.Get(w.ctx, w.key(service+contract.DefaultLeaderServiceSuffix), found) != nil {
			return ""
		}
		return found.Annotations[contract.AnnotationLeaderPodName]
	}
}

func (w *world) key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: w.namespace, Name: name}
}

// annotation returns a poll of one of the source Service's annotations.
func (w *world) annotation(service, key string) func() string {
	return func() string {
		found := &corev1.Service{}
		Expect(admin.Get(w.ctx, w.key(service), found)).To(Succeed())
		return found.Annotations[key]
	}
}

// annotate sets annotations of a Service, as pairs of keys and values; an empty value takes one away.
func (w *world) annotate(service string, pairs ...string) {
	GinkgoHelper()
	found := &corev1.Service{}
	Expect(admin.Get(w.ctx, w.key(service), found)).To(Succeed())
	before := client.MergeFrom(found.DeepCopy())
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			delete(found.Annotations, pairs[i])
		} else {
			metav1.SetMetaDataAnnotation(&found.ObjectMeta, pairs[i], pairs[i+1])
		}
	}
	Expect(admin.Patch(w.ctx, found, before)).To(Succeed())
}

// screen is what a command writes, which may still be at work.
type screen struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (s *screen) Write(text []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text.Write(text)
}

func (s *screen) String() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text.String()
}

// running is a command at work.
type running struct {
	out, err screen
	code     chan int
	ctrlC    context.CancelFunc
}

// start starts a command in the world's namespace.
func (w *world) start(arguments ...string) *running {
	ctx, cancel := context.WithCancel(w.ctx)
	r := &running{code: make(chan int, 1), ctrlC: cancel}
	streams := genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &r.out, ErrOut: &r.err}
	arguments = append([]string{"--kubeconfig", w.kubeconfig, "-n", w.namespace}, arguments...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.code <- plugin.Run(ctx, streams, plugin.Version{Version: "1.2.3", Commit: "abc"}, arguments)
	}()
	DeferCleanup(func() { cancel(); <-done })
	return r
}

// result is what became of a command.
type result struct {
	Code     int
	Out, Err string
}

// end waits for the end of a command.
func (r *running) end() result {
	GinkgoHelper()
	var code int
	Eventually(r.code).WithTimeout(60 * time.Second).Should(Receive(&code))
	return result{code, r.out.String(), r.err.String()}
}

// zenLead runs a command.
func (w *world) zenLead(arguments ...string) result {
	GinkgoHelper()
	return w.start(arguments...).end()
}

// says runs a command that has to succeed, and returns what it writes.
func (w *world) says(arguments ...string) string {
	GinkgoHelper()
	found := w.zenLead(arguments...)
	Expect(found.Code).To(Equal(0), fmt.Sprintf("%+v", found))
	return found.Out
}
