package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/zen-lead/zen-lead/test/controlplane"
)

const (
	// writers is how many requests prepare the world at a time.
	writers = 32
	// calm is for how long no slice may have changed before the next round begins.
	calm = 20 * time.Millisecond
)

// world is a control plane with an operator and Services.
type world struct {
	options  Options
	plane    *controlplane.ControlPlane
	clients  kubernetes.Interface
	seen     *observer
	unwatch  context.CancelFunc
	operator *operator
	random   *rand.Rand // seeded: every run picks the same Services
	members  []*member
	numbers  atomic.Uint32 // of Pods
	crowd    int           // how many Pods it has
	stirred  atomic.Int64  // how many of them have been changed
}

// newWorld starts a control plane and an operator that watches all of it. If it is audited the API server logs every request.
func newWorld(ctx context.Context, options Options, audited bool) (w *world, err error) {
	w = &world{options: options, random: rand.New(rand.NewPCG(1, 2))}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.stop(ctx))
		}
	}()
	start := controlplane.Start
	if audited {
		start = controlplane.StartAuditingAll
	}
	if w.plane, err = start(ctx, options.Progress); err != nil {
		return w, err
	}
	if w.clients, err = kubernetes.NewForConfig(ownConnection(w.plane.Config)); err != nil {
		return w, err
	}
	watching, err := kubernetes.NewForConfig(ownConnection(w.plane.Config))
	if err != nil {
		return w, err
	}
	untilStopped, unwatch := context.WithCancel(context.WithoutCancel(ctx))
	w.unwatch = unwatch
	if w.seen, err = observe(untilStopped, watching, options.Progress); err != nil {
		return w, err
	}
	if w.operator, err = newOperator(ctx, w.plane, options.Operator); err != nil {
		return w, err
	}
	return w, w.operator.start(ctx)
}

// ownConnection is a configuration whose clients share a connection with nobody else: the observer must not wait behind
// the writers.
func ownConnection(config *rest.Config) *rest.Config {
	own := rest.CopyConfig(config)
	own.QPS = -1
	own.ContentType = runtime.ContentTypeProtobuf
	own.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	own.Dial = (&net.Dialer{}).DialContext // client-go shares connections between configurations, but not if they dial themselves
	return own
}

// operatorLog is the end of the operator's log for people, if there is an operator.
func (w *world) operatorLog() string {
	if w.operator == nil {
		return ""
	}
	return "\nThe end of the operator's log:\n" + w.operator.tail()
}

// stop ends everything. The data goes.
func (w *world) stop(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var failures []error
	if w.operator != nil {
		failures = append(failures, w.operator.stop(ctx), os.RemoveAll(w.operator.directory))
	}
	if w.unwatch != nil {
		w.unwatch()
	}
	if w.plane != nil {
		failures = append(failures, w.plane.Stop())
	}
	return errors.Join(failures...)
}

// grow adds Services until there are so many, and waits until all is settled.
func (w *world) grow(ctx context.Context, count int) error {
	begun := len(w.members)
	if begun >= count {
		return nil
	}
	start := time.Now()
	if err := w.createNamespaces(ctx, begun, count); err != nil {
		return err
	}
	for number := begun; number < count; number++ {
		w.members = append(w.members, newMember(number))
	}
	added := w.members[begun:]
	creation := job{what: "creating Services", count: len(added), workers: writers, progress: w.options.Progress}
	if err := creation.run(ctx, func(ctx context.Context, number int) error { return w.create(ctx, added[number]) }); err != nil {
		return err
	}
	if err := w.settle(ctx, added...); err != nil {
		return err
	}
	fmt.Fprintf(w.options.Progress, "There are %d Services with %d Pods each, after %.0f s\n", count, podsPerService, time.Since(start).Seconds())
	return w.rest(ctx)
}

// rest lets both parties finish what no slice shows: Endpoints, the collection of garbage, status, Events.
func (w *world) rest(ctx context.Context) error {
	if err := w.seen.quiet(ctx, time.Second); err != nil {
		return err
	}
	return w.operator.idle(ctx)
}

func (w *world) createNamespaces(ctx context.Context, begun, count int) error {
	for number := begun; number < count; number++ {
		if number%servicesPerNamespace != 0 {
			continue
		}
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespaceOf(number)}}
		if _, err := w.clients.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// create makes the Pods first, so that the Pod of the first place, which has been ready for longer, is elected.
func (w *world) create(ctx context.Context, m *member) error {
	for place := range m.pods {
		since := time.Now().Add(-time.Hour).Add(time.Duration(place) * time.Minute)
		if err := w.createPod(ctx, m, place, since); err != nil {
			return err
		}
	}
	_, err := w.clients.CoreV1().Services(m.source.Namespace).Create(ctx, m.service(), metav1.CreateOptions{})
	return err
}

// createPod makes a Service's Pod of one place.
func (w *world) createPod(ctx context.Context, m *member, place int, readySince time.Time) error {
	number := w.numbers.Add(1)
	created, err := w.createReady(ctx, m.servicePod(place, number), runningStatus(address(number), readySince))
	if err != nil {
		return err
	}
	m.pods[place] = pod{name: created.Name, uid: created.UID}
	return nil
}

// createReady makes a Pod and gives it a status, which takes two writes, as in life.
func (w *world) createReady(ctx context.Context, wanted *corev1.Pod, status corev1.PodStatus) (*corev1.Pod, error) {
	pods := w.clients.CoreV1().Pods(wanted.Namespace)
	created, err := pods.Create(ctx, wanted, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	created.Status = status
	return pods.UpdateStatus(ctx, created, metav1.UpdateOptions{})
}
