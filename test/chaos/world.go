package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/zen-lead/zen-lead/test/bench/replica"
	"github.com/zen-lead/zen-lead/test/chaos/checker"
	"github.com/zen-lead/zen-lead/test/chaos/wire"
	"github.com/zen-lead/zen-lead/test/controlplane"
	"github.com/zen-lead/zen-lead/test/workload"
)

const (
	namespace      = "chaos"
	leaseNamespace = "kube-system"
	operatorUser   = "zen-lead-chaos"
	// podsEach is how many Pods a Service has.
	podsEach = 3
)

// world is the control plane, the replicas with their lines to it, and the Services with their Pods.
type world struct {
	plane    *controlplane.ControlPlane
	admin    kubernetes.Interface
	checker  *checker.Checker
	watches  *watches
	members  []*member
	services []string
	log      io.Writer // of the replicas
	binary   string
	scratch  string
	// rightWithin is as in Options.
	rightWithin time.Duration
	// judged is what was found wrong since somebody last asked.
	judged []string
	pods   *workload.Pods
}

// member is one replica: its line, and its process.
type member struct {
	line       *wire.Wire
	kubeconfig string

	mutex    sync.Mutex
	process  *replica.Replica
	down     bool // it is not to be started again
	restarts int  // that it had ended by itself before
}

// newWorld starts all of it, and waits until every Service has a leader.
func newWorld(ctx context.Context, options Options) (w *world, err error) {
	w = &world{checker: checker.New(options.Tolerance), binary: options.Binary, log: options.Log, rightWithin: options.RightWithin}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.plane, err = controlplane.Start(ctx, options.Output); err != nil {
		return w, err
	}
	if w.scratch, err = os.MkdirTemp("", "zen-lead-chaos-"); err != nil {
		return w, err
	}
	if w.admin, err = kubernetes.NewForConfig(w.plane.Config); err != nil {
		return w, err
	}
	if _, err = w.admin.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{}); err != nil {
		return w, err
	}
	w.pods = &workload.Pods{Client: w.admin, Namespace: namespace, DualStack: true}
	w.watches = startWatches(ctx, w.admin, w.checker)
	if err = w.makeMembers(ctx); err != nil {
		return w, err
	}
	return w, w.makeServices(ctx, options.Services)
}

// makeMembers makes the operator's user, and two replicas that each have a line of their own.
func (w *world) makeMembers(ctx context.Context) error {
	config, _, err := w.plane.AddUser(operatorUser, controlplane.AuditedGroup)
	if err != nil {
		return err
	}
	config.QPS = -1
	if err := w.plane.GrantOperator(ctx, operatorUser, namespace, leaseNamespace); err != nil {
		return err
	}
	for _, name := range []string{"replica-1", "replica-2"} {
		m := &member{kubeconfig: filepath.Join(w.scratch, name)}
		if m.line, err = wire.New(config); err != nil {
			return err
		}
		w.members = append(w.members, m)
		if err := writeKubeconfig(m.kubeconfig, m.line.URL()); err != nil {
			return err
		}
		if err := w.launch(ctx, m); err != nil {
			return err
		}
		if err := m.running().WaitReady(ctx); err != nil {
			return err
		}
	}
	return nil
}

// launch starts a replica's process, and again whenever it has ended by itself, as a kubelet does. A replica that cannot renew its Lease
// for ten seconds ends.
func (w *world) launch(ctx context.Context, m *member) error {
	started, err := replica.Start(context.WithoutCancel(ctx), replica.Options{
		Binary: w.binary, Kubeconfig: m.kubeconfig, Namespaces: []string{namespace}, LeaseNamespace: leaseNamespace, LeaderElection: true, Log: w.log,
	})
	if err != nil {
		return err
	}
	w.checker.ReplicaStarted(time.Now())
	m.mutex.Lock()
	m.process, m.down = started, false
	m.mutex.Unlock()
	go func() {
		_ = started.Wait(ctx) // whatever it says
		m.mutex.Lock()
		again := !m.down && m.process == started && ctx.Err() == nil
		if again {
			m.restarts++
		}
		m.mutex.Unlock()
		if again {
			time.Sleep(restartDelay)
			_ = w.launch(ctx, m)
		}
	}()
	return nil
}

// restartDelay is how soon a container that has ended is started again, the first time.
const restartDelay = time.Second

// running is the replica's process.
func (m *member) running() *replica.Replica {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.process
}

// takeRestarts is how often replicas have ended by themselves since somebody last asked.
func (w *world) takeRestarts() (restarts int) {
	for _, m := range w.members {
		m.mutex.Lock()
		restarts += m.restarts
		m.restarts = 0
		m.mutex.Unlock()
	}
	return restarts
}

// kill ends the process for good.
func (m *member) kill() error {
	m.mutex.Lock()
	m.down = true
	process := m.process
	m.mutex.Unlock()
	if process == nil {
		return nil
	}
	return process.Kill()
}

func writeKubeconfig(path, url string) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["chaos"] = &clientcmdapi.Cluster{Server: url}
	config.Contexts["chaos"] = &clientcmdapi.Context{Cluster: "chaos"}
	config.CurrentContext = "chaos"
	return clientcmd.WriteToFile(*config, path)
}

// close ends all of it.
func (w *world) close() error {
	var failures []error
	for _, m := range w.members {
		failures = append(failures, m.kill())
		if m.line != nil {
			failures = append(failures, m.line.Close())
		}
	}
	if w.plane != nil {
		failures = append(failures, w.plane.Stop())
	}
	if w.scratch != "" {
		failures = append(failures, os.RemoveAll(w.scratch))
	}
	return errors.Join(failures...)
}

// isDualStack is whether a Service, by its number, has two slices: every third has.
func isDualStack(number int) bool { return number%3 == 0 }

// makeServices makes Services that are opted in, with their Pods.
func (w *world) makeServices(ctx context.Context, count int) error {
	for number := range count {
		name := fmt.Sprintf("service-%d", number)
		w.services = append(w.services, name)
		families := []corev1.IPFamily{corev1.IPv4Protocol}
		if isDualStack(number) {
			families = append(families, corev1.IPv6Protocol)
		}
		w.checker.OptedIn(namespace+"/"+name, workload.Selector(name), families...)
		if err := w.pods.MakeService(ctx, name, podsEach, families...); err != nil {
			return err
		}
	}
	if _, err := w.rightAgain(ctx); err != nil {
		return fmt.Errorf("waiting for the first leaders: %w", err)
	}
	return nil
}
