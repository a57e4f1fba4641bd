package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// apiOutage is for how long the API server is down.
const apiOutage = 30 * time.Second

// Case is one way for a leader to fail, or to be moved.
type Case struct {
	// Name is the case's in results and on the command line.
	Name string
	// Title is what people read.
	Title string
	// Rounds is how often it is measured.
	Rounds int
	// Stateful has a StatefulSet instead of a Deployment.
	Stateful bool
	// OwnCluster is set where machines or processes fail in a way that needs our own cluster.
	OwnCluster bool

	// Rolling is set where Pods are replaced one after the other by a rolling update.
	Rolling bool

	// Changes is how often the leader may change at the most; 0 stands for 1.
	Changes int

	// answers is set where the failed Pod goes on answering, so that it can be seen for how long it is still met.
	answers bool
	// sudden has the fault begin when strike is done, not when it begins: it takes a while to find what is to be killed.
	sudden bool
	// faultless leaves out whose fault it was: nobody's, where Pods are replaced one after the other.
	faultless bool
	// prepare moves the leader to where the case needs it.
	prepare func(context.Context, *Bench) error
	// strike makes the fault.
	strike func(context.Context, *Bench, *round) error
	// settled tells whether all that is to come of it has come.
	settled func(context.Context, *Bench, *round) (bool, error)
	// heal mends what strike broke. That all Pods are ready is waited for anyway.
	heal func(context.Context, *Bench, *round) error
}

// Cases lists all cases.
func Cases() []Case {
	return []Case{
		{Name: "readiness", Title: "The leader is no longer ready (it answers, but refuses)", Rounds: 20, answers: true,
			strike: unready, settled: moved, heal: ready},
		{Name: "delete", Title: "The leader is deleted gracefully", Rounds: 20, answers: true,
			strike: deletePod, settled: movedAndGone},
		// Three Pods, each killed once: a second time the kubelet would wait 10 s, then 20 s, before it starts the process again.
		{Name: "kill", Title: "The leader's process is killed (SIGKILL); the kubelet starts it again", Rounds: 3, OwnCluster: true, sudden: true,
			strike: killLeader, settled: restarted},
		{Name: "roll-deployment", Title: "The Deployment is rolled", Rounds: 3, Rolling: true, faultless: true,
			strike: roll, settled: rolled},
		{Name: "roll-statefulset", Title: "The StatefulSet is rolled while its Pod 0 leads", Rounds: 3, Stateful: true, Rolling: true, faultless: true,
			prepare: leadFromFirst, strike: roll, settled: rolled},
		{Name: "drain", Title: "The leader's node is drained", Rounds: 3, OwnCluster: true, answers: true,
			Changes: 2, // the Pod that takes over may be on the same node, and be next
			strike:  drainNode, settled: movedAndGone, heal: uncordonNode},
		{Name: "operator", Title: "The leader is no longer ready, and at the same moment the acting operator is killed (SIGKILL)", Rounds: 3,
			OwnCluster: true, answers: true, strike: unreadyAndKillOperator, settled: moved, heal: ready},
		{Name: "api", Title: "The API server is down for 30 s", Rounds: 2, OwnCluster: true, faultless: true,
			strike: loseAPI, settled: recovered},
		// Last: what connection tracking remembers of requests to a dead node stays for two minutes.
		{Name: "power", Title: "The leader's node loses power", Rounds: 2, OwnCluster: true, sudden: true,
			Changes: 2, // Kubernetes marks one Pod after the other, and two of the three may have been on that node
			strike:  powerOff, settled: moved, heal: powerOn},
	}
}

func unready(ctx context.Context, b *Bench, r *round) error {
	return b.control.setReady(ctx, r.leader, false)
}

func ready(ctx context.Context, b *Bench, r *round) error {
	return b.control.setReady(ctx, r.leader, true)
}

// moved: no way leads to the Pod any more, and each one to another.
func moved(_ context.Context, b *Bench, r *round) (bool, error) {
	for _, service := range b.app.services() {
		routed := b.histories.routed(service)
		if len(routed) == 0 || slices.Contains(routed, r.leader) {
			return false, nil
		}
	}
	return b.histories.leader(leaseKey(b.app.lease())) != r.leader, nil
}

func deletePod(ctx context.Context, b *Bench, r *round) error {
	return b.clients.CoreV1().Pods(b.namespace).Delete(ctx, r.leader, metav1.DeleteOptions{})
}

func movedAndGone(ctx context.Context, b *Bench, r *round) (bool, error) {
	_, err := b.pod(ctx, r.leader)
	if !apierrors.IsNotFound(err) {
		return false, err
	}
	return moved(ctx, b, r)
}

func killLeader(ctx context.Context, b *Bench, r *round) error {
	pod, err := b.pod(ctx, r.leader)
	if err != nil {
		return err
	}
	r.restarts = pod.Status.ContainerStatuses[0].RestartCount
	return b.killContainer(ctx, b.namespace, r.leader)
}

// restarted: the kubelet has started the process again and found it ready, and every way leads to some Pod.
func restarted(ctx context.Context, b *Bench, r *round) (bool, error) {
	pod, err := b.pod(ctx, r.leader)
	if err != nil {
		return false, err
	}
	for _, service := range b.app.services() {
		if len(b.histories.routed(service)) == 0 {
			return false, nil
		}
	}
	return podReady(pod) && pod.Status.ContainerStatuses[0].RestartCount > r.restarts, nil
}

// leadFromFirst makes Pod 0 the leader, as it is after a StatefulSet was created. A rolling update begins with the highest ordinal:
// were that the leader, a second change could not be avoided.
func leadFromFirst(ctx context.Context, b *Bench) error {
	first := b.app.name + "-0"
	if err := b.annotate(ctx, contract.AnnotationPreferredLeader, fmt.Sprintf("%q", first)); err != nil {
		return err
	}
	if err := b.wait(ctx, first+" leads", func(context.Context) (bool, error) { return b.leader() == first, nil }); err != nil {
		return err
	}
	return b.annotate(ctx, contract.AnnotationPreferredLeader, "null")
}

// annotate sets an annotation of the application's Service to a JSON value.
func (b *Bench) annotate(ctx context.Context, key, value string) error {
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%s}}}`, key, value)
	_, err := b.clients.CoreV1().Services(b.namespace).Patch(ctx, b.app.name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	return err
}

// roll replaces all Pods, as `kubectl rollout restart` does.
func roll(ctx context.Context, b *Bench, r *round) error {
	patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"rolled":%q}}}}}`, r.fault.At.Format(time.RFC3339Nano))
	var err error
	if b.app.stateful {
		_, err = b.clients.AppsV1().StatefulSets(b.namespace).Patch(ctx, b.app.name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	} else {
		_, err = b.clients.AppsV1().Deployments(b.namespace).Patch(ctx, b.app.name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	}
	return err
}

// rolled: all Pods are new, ready, and the last old one has gone.
func rolled(ctx context.Context, b *Bench, _ *round) (bool, error) {
	if done, err := b.rolledOut(ctx); !done {
		return false, err
	}
	pods, err := b.clients.CoreV1().Pods(b.namespace).List(ctx, metav1.ListOptions{LabelSelector: appLabel + "=" + b.app.name})
	return err == nil && len(pods.Items) == replicas, err
}

func drainNode(ctx context.Context, b *Bench, r *round) error {
	// Draining takes as long as its Pods need to end; the round goes on meanwhile.
	r.background(func() error { return b.drain(ctx, r.node) })
	return nil
}

func uncordonNode(ctx context.Context, b *Bench, r *round) error { return b.uncordon(ctx, r.node) }

func powerOff(ctx context.Context, b *Bench, r *round) error {
	return b.machines.do(ctx, "power-off", r.node)
}

// powerOn returns once the node's Pods no longer look as they did before the node was lost.
func powerOn(ctx context.Context, b *Bench, r *round) error {
	if err := b.machines.do(ctx, "power-on", r.node); err != nil {
		return err
	}
	return b.wait(ctx, r.node+" is back", func(ctx context.Context) (bool, error) {
		node, err := b.clients.CoreV1().Nodes().Get(ctx, r.node, metav1.GetOptions{})
		return err == nil && nodeReady(node), nil
	})
}

func unreadyAndKillOperator(ctx context.Context, b *Bench, r *round) error {
	pod, err := b.actingOperator(ctx)
	if err != nil {
		return err
	}
	if err := b.killContainer(ctx, pod.Namespace, pod.Name); err != nil {
		return err
	}
	r.fault.At = time.Now() // killing it took a while, and it must not be there to act
	return unready(ctx, b, r)
}

func loseAPI(ctx context.Context, b *Bench, _ *round) error { return b.stopAPI(ctx, apiOutage) }

// recovered: whoever gave up its Lease while the API server was away has had the time to get one again.
func recovered(ctx context.Context, b *Bench, r *round) (bool, error) {
	for _, service := range []string{b.app.leaderService(), b.app.labelService()} {
		if len(b.histories.routed(service)) == 0 {
			return false, nil
		}
	}
	deployment, err := b.operatorReady(ctx)
	return err == nil && deployment && time.Since(r.fault.At) > apiOutage+20*time.Second, nil
}
