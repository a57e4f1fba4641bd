package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

// story is what the demo tells, step by step.
type story struct {
	clients kubernetes.Interface
	slices  *observer
	pods    []corev1.Pod
	leader  corev1.Pod
	steps   int
}

func (s *story) tell(ctx context.Context, failovers int) (err error) {
	if s.slices, err = observe(ctx, s.clients, namespace); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		s.optIn, s.notReady, s.deleted, s.rolled, s.badAnnotation,
		func(ctx context.Context) error { return s.measured(ctx, failovers) },
		s.optOut,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) title(text string, commands ...string) {
	s.steps++
	fmt.Printf("\n%d. %s\n", s.steps, text)
	for _, command := range commands {
		fmt.Printf("   $ %s\n", command)
	}
}

func (s *story) optIn(ctx context.Context) (err error) {
	fmt.Printf("\nA Deployment %s of %d Pods and its Service %s are created; they know nothing of zen-lead.\n", app, replicas, app)
	if err := createApplication(ctx, s.clients); err != nil {
		return err
	}
	if s.pods, err = readyPods(ctx, s.clients, "my-app:1"); err != nil {
		return err
	}
	s.title("The Service is annotated.", fmt.Sprintf("kubectl annotate service %s %s=true", app, contract.AnnotationEnabled))
	cause := time.Now()
	if err := annotate(ctx, s.clients, contract.AnnotationEnabled, "true"); err != nil {
		return err
	}
	moved, err := s.slices.moved(ctx, leaderService, "")
	if err != nil {
		return err
	}
	service, err := s.showLeader(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("   Service %s has the address %s and one endpoint, %s after the command.\n",
		leaderService, service.Spec.ClusterIP, milliseconds(moved.Sub(cause)))
	return nil
}

func (s *story) notReady(ctx context.Context) error {
	former := s.leader
	s.title("The leader's readiness probe fails.")
	if err := s.failover(ctx, func() error { return setReady(ctx, s.clients, former.Name, corev1.ConditionFalse) }); err != nil {
		return err
	}
	if err := setReady(ctx, s.clients, former.Name, corev1.ConditionTrue); err != nil {
		return err
	}
	if _, err := s.slices.serves(ctx, app, &former); err != nil {
		return err
	}
	fmt.Printf("   %s is Ready again: %s stays the leader (sticky).\n", former.Name, s.leader.Name)
	return nil
}

func (s *story) deleted(ctx context.Context) (err error) {
	s.title("The leader is deleted.", "kubectl delete pod "+s.leader.Name)
	err = s.failover(ctx, func() error {
		return s.clients.CoreV1().Pods(namespace).Delete(ctx, s.leader.Name, metav1.DeleteOptions{})
	})
	if err != nil {
		return err
	}
	s.pods, err = readyPods(ctx, s.clients, "my-app:1")
	return err
}

func (s *story) rolled(ctx context.Context) (err error) {
	s.title("The Deployment is rolled to a new version.", fmt.Sprintf("kubectl set image deployment/%s app=my-app:2", app))
	before, err := status(ctx, s.clients, s.leader.Name)
	if err != nil {
		return err
	}
	patch := []byte(`{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"my-app:2"}]}}}}`)
	_, err = s.clients.AppsV1().Deployments(namespace).Patch(ctx, app, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return err
	}
	if s.pods, err = readyPods(ctx, s.clients, "my-app:2"); err != nil {
		return err
	}
	after, err := s.showLeader(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("   %d Pods were replaced one by one; the epoch went from %s to %s.\n", replicas,
		before.Annotations[contract.AnnotationLeaderEpoch], after.Annotations[contract.AnnotationLeaderEpoch])
	return nil
}

func (s *story) badAnnotation(ctx context.Context) error {
	s.title("Somebody mistypes a setting.", fmt.Sprintf("kubectl annotate service %s %s=5", app, contract.AnnotationMinReadyDuration))
	if err := annotate(ctx, s.clients, contract.AnnotationMinReadyDuration, "5"); err != nil {
		return err
	}
	note, err := event(ctx, s.clients, contract.EventInvalidAnnotation)
	if err != nil {
		return err
	}
	fmt.Printf("   Warning  %s  %s\n   The default applies, and %s goes on leading.\n", contract.EventInvalidAnnotation, note, s.leader.Name)
	return annotate(ctx, s.clients, contract.AnnotationMinReadyDuration, "")
}

func (s *story) measured(ctx context.Context, failovers int) error {
	s.title(fmt.Sprintf("%d failovers are measured, one after another: the leader is made not Ready, then Ready again.", failovers))
	var ours, builtIn []time.Duration
	for range failovers {
		former := s.leader
		moved, dropped, err := s.cause(ctx, func() error { return setReady(ctx, s.clients, former.Name, corev1.ConditionFalse) })
		if err != nil {
			return err
		}
		ours, builtIn = append(ours, moved), append(builtIn, dropped)
		if err := setReady(ctx, s.clients, former.Name, corev1.ConditionTrue); err != nil {
			return err
		}
		if _, err := s.slices.serves(ctx, app, &former); err != nil {
			return err
		}
	}
	fmt.Printf("   %-46s %10s %10s %10s\n", "from the status write until", "median", "p90", "p99")
	fmt.Printf("   %-46s %10s %10s %10s\n", leaderService+" routes to another Pod", quantile(ours, 50), quantile(ours, 90), quantile(ours, 99))
	fmt.Printf("   %-46s %10s %10s %10s\n", "the built-in controller has dropped the Pod",
		quantile(builtIn, 50), quantile(builtIn, 90), quantile(builtIn, 99))
	fmt.Printf("   Median of zen-lead divided by the built-in controller's: %.2f\n",
		float64(median(ours))/float64(median(builtIn)))
	return nil
}

func (s *story) optOut(ctx context.Context) error {
	s.title("The annotation is removed.", fmt.Sprintf("kubectl annotate service %s %s-", app, contract.AnnotationEnabled))
	if err := annotate(ctx, s.clients, contract.AnnotationEnabled, ""); err != nil {
		return err
	}
	return poll(ctx, "nothing is left", func(ctx context.Context) (bool, error) {
		services, err := s.clients.CoreV1().Services(namespace).List(ctx, metav1.ListOptions{LabelSelector: contract.LabelSourceService})
		if err != nil {
			return false, err
		}
		left, err := s.clients.DiscoveryV1().EndpointSlices(namespace).List(ctx,
			metav1.ListOptions{LabelSelector: discoveryv1.LabelManagedBy + "=" + contract.ManagedBy})
		if err != nil || len(services.Items)+len(left.Items) > 0 {
			return false, err
		}
		fmt.Printf("   Service %s and its EndpointSlices are gone; %s and its Pods are as they were.\n", leaderService, app)
		return true, nil
	})
}

// failover causes one, and shows the new leader and how long it took.
func (s *story) failover(ctx context.Context, cause func() error) error {
	moved, dropped, err := s.cause(ctx, cause)
	if err != nil {
		return err
	}
	if _, err := s.showLeader(ctx); err != nil {
		return err
	}
	fmt.Printf("   moved %s after the cause; the built-in controller dropped the same Pod after %s.\n",
		milliseconds(moved), milliseconds(dropped))
	return nil
}

// cause does something to the leader. It returns the time from just before until the leader Service routed to another Pod,
// and until the built-in controller's slice of the application's own Service had dropped the Pod.
func (s *story) cause(ctx context.Context, cause func() error) (moved, dropped time.Duration, err error) {
	former := s.leader
	start := time.Now()
	if err := cause(); err != nil {
		return 0, 0, err
	}
	movedAt, err := s.slices.moved(ctx, leaderService, former.UID)
	if err != nil {
		return 0, 0, err
	}
	droppedAt, err := s.slices.dropped(ctx, app, &former)
	if err != nil {
		return 0, 0, err
	}
	return movedAt.Sub(start), droppedAt.Sub(start), s.findLeader()
}

// findLeader notes who leads now.
func (s *story) findLeader() error {
	uid, name := s.slices.leader(leaderService)
	s.leader = corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, UID: uid}}
	if uid == "" {
		return fmt.Errorf("%s has no leader", leaderService)
	}
	return nil
}

func (s *story) showLeader(ctx context.Context) (*corev1.Service, error) {
	if err := s.findLeader(); err != nil {
		return nil, err
	}
	service, err := status(ctx, s.clients, s.leader.Name)
	if err != nil {
		return nil, err
	}
	fmt.Printf("   leader %s   epoch %s   reason %s\n", s.leader.Name,
		service.Annotations[contract.AnnotationLeaderEpoch], service.Annotations[contract.AnnotationLeaderReason])
	return service, nil
}

func median(times []time.Duration) time.Duration {
	return percentile(times, 50)
}

// percentile is the nearest-rank percentile.
func percentile(times []time.Duration, percent int) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[(len(sorted)*percent+99)/100-1]
}

func quantile(times []time.Duration, percent int) string {
	return milliseconds(percentile(times, percent))
}

func milliseconds(duration time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(duration.Microseconds())/1000)
}

// invite leaves everything running for the user to play with.
func invite(ctx context.Context, plane *controlplane.ControlPlane, clients kubernetes.Interface) error {
	if err := annotate(ctx, clients, contract.AnnotationEnabled, "true"); err != nil {
		return err
	}
	fmt.Print(strings.ReplaceAll(fmt.Sprintf(`
Everything is left running, and %[1]s is opted in again. In another terminal:

  export KUBECONFIG=%[2]s
  alias kubectl=%[3]s

  kubectl get endpointslices -w -l kubernetes.io/service-name=%[4]s
  kubectl annotate pod POD zen-lead.io/pod-ready=false        # its readiness probe fails; =true: it recovers
  kubectl delete pod POD
  kubectl scale deployment/%[1]s --replicas=5
  kubectl get service %[4]s -o yaml                      # leader, epoch, reason as annotations
  kubectl describe service %[1]s                            # Events
Ctrl-C stops it all and leaves nothing behind.
`, app, plane.Kubeconfig, plane.Kubectl, leaderService), "\t", "  "))
	<-ctx.Done()
	return nil
}
