package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/zen-lead/zen-lead/controllers"
	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// defaultTimeout is far above what an operator at work needs.
const defaultTimeout = 30 * time.Second

func (c *cli) switchCommand() *cobra.Command {
	s := &switchover{cli: c}
	command := &cobra.Command{
		Use:   "switch SERVICE [POD]",
		Short: "Move the leader to another Pod, and wait until it has moved",
		Long: "Move the leader to POD, or to the one that would lead next, as `explain` tells: write " + contract.AnnotationPreferredLeader + "\n" +
			"into SERVICE, wait until the EndpointSlices route to that Pod, and say how long it took.\n\n" +
			"The annotation stays: the Pod leads whenever it is eligible. With --release it is taken away again once the Pod leads, which stays\n" +
			"the leader for as long as it is eligible, if the Service is sticky. What cannot succeed is refused, and nothing written. If the\n" +
			"leader has not moved in time, or at Ctrl-C, what stood there before is put back.",
		Example:           "  " + Name + " switch my-app my-app-1\n  " + Name + " switch my-app --release",
		Args:              usageArgs(cobra.RangeArgs(1, 2)),
		ValidArgsFunction: c.completeSwitch,
	}
	command.Flags().DurationVar(&s.timeout, "timeout", defaultTimeout, "How long to wait until the leader has moved.")
	command.Flags().BoolVar(&s.release, "release", false, "Take the preference away again once the Pod leads.")
	command.RunE = func(command *cobra.Command, arguments []string) error {
		if s.timeout <= 0 {
			return usageError(fmt.Errorf("--timeout must be more than 0, not %s", s.timeout))
		}
		s.service = arguments[0]
		if len(arguments) > 1 {
			s.pod = strings.TrimPrefix(strings.TrimPrefix(arguments[1], "pods/"), "pod/")
		}
		return s.run(command.Context())
	}
	return command
}

// switchover moves a leader.
type switchover struct {
	*cli
	service, pod string
	timeout      time.Duration
	release      bool

	cluster *cluster
	live    *live
	target  *corev1.Pod
}

func (s *switchover) run(ctx context.Context) error {
	var err error
	if s.cluster, err = s.connect(false); err != nil {
		return err
	}
	follow, stop := context.WithCancel(ctx)
	defer stop()
	if s.live, err = s.follow(follow, s.cluster); err != nil {
		return err
	}
	view, err := s.look(ctx)
	if err != nil {
		return err
	}
	if err := s.choose(ctx, view); err != nil {
		return err
	}
	if s.hasMoved(view) {
		say(s.Out, "%s leads already; nothing was changed.", s.target.Name)
		return nil
	}
	return s.move(ctx)
}

// look looks at the Service, as of one moment.
func (s *switchover) look(ctx context.Context) (*controllers.View, error) {
	s.live.mutex.RLock()
	defer s.live.mutex.RUnlock()
	view, _, err := s.live.look(ctx, s.cluster.key(s.service))
	return view, err
}

// choose finds the Pod that is to lead, and refuses what cannot be.
func (s *switchover) choose(ctx context.Context, view *controllers.View) error {
	if err := s.refuse(ctx, view); err != nil {
		return err
	}
	s.live.mutex.RLock()
	defer s.live.mutex.RUnlock()
	if s.pod == "" {
		next, _, err := view.Succession(ctx)
		if err != nil {
			return err
		}
		if next.Leader == nil {
			return fmt.Errorf("nobody could lead %s instead: %s", s.service, s.rejections(view))
		}
		s.pod = next.Leader.Name
	}
	index := slices.IndexFunc(view.Pods, func(candidate controllers.Candidate) bool { return candidate.Pod.Name == s.pod })
	if index < 0 {
		return fmt.Errorf("%s is no Pod of Service %s: its selector matches %s", s.pod, s.service, namesOf(view))
	}
	candidate := view.Pods[index]
	s.target = candidate.Pod
	if s.hasMoved(view) {
		return nil
	}
	if candidate.Rule != "" {
		return fmt.Errorf("%s cannot lead %s: %s (%s)", s.pod, s.service, s.ruleNote(view, candidate), candidate.Rule)
	}
	preferring, err := view.Preferring(ctx, s.pod)
	if err != nil {
		return err
	}
	if preferring.Leader == nil || preferring.Leader.UID != s.target.UID {
		return fmt.Errorf("%s would not lead %s if it were preferred", s.pod, s.service)
	}
	return nil
}

// refuse refuses Services whose leader cannot be chosen so.
func (s *switchover) refuse(ctx context.Context, view *controllers.View) error {
	policy := view.Policy
	switch {
	case view.Source == nil:
		return s.cluster.noService(ctx, s.service)
	case !policy.Enabled:
		return fmt.Errorf("the Service %s is not opted in (%s)%s", s.service, contract.AnnotationEnabled, isLeaderService(view.Source))
	case !view.Routable:
		return fmt.Errorf("the Service %s has no leader Service: %s", s.service, firstProblem(view))
	case policy.FollowLease != "":
		return fmt.Errorf("the Service %s follows the Lease %s: its holder leads, and nobody else can be chosen", s.service, policy.FollowLease)
	case policy.Paused:
		return fmt.Errorf("the Service %s is paused: its leader stays; take %s away first", s.service, contract.AnnotationPaused)
	case s.release && !policy.Sticky:
		return fmt.Errorf("the Service %s is not sticky: without the preference the leader would move back at once", s.service)
	case view.LeaderService == nil:
		return fmt.Errorf("the Service %s has no leader Service yet: %s", s.service, firstProblem(view))
	}
	return nil
}

func isLeaderService(service *corev1.Service) string {
	if source := leaderservice.SourceName(service); leaderservice.MadeByUs(service) && source != "" {
		return fmt.Sprintf("; it is the leader Service of %s, which is the one to name", source)
	}
	return ""
}

// firstProblem is the first thing that is the matter.
func firstProblem(view *controllers.View) string {
	if len(view.Problems) == 0 {
		return "there is nothing the matter"
	}
	return view.Problems[0].Note
}

// namesOf are the selected Pods.
func namesOf(view *controllers.View) string {
	if len(view.Pods) == 0 {
		return "none"
	}
	const most = 10
	names := make([]string, 0, len(view.Pods))
	for _, candidate := range view.Pods {
		names = append(names, candidate.Pod.Name)
	}
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// rejections says why each Pod but the leader cannot lead.
func (s *switchover) rejections(view *controllers.View) string {
	var reasons []string
	for _, candidate := range view.Pods {
		if candidate.Rule != "" {
			reasons = append(reasons, fmt.Sprintf("%s %s", candidate.Pod.Name, candidate.Rule))
		}
	}
	if len(reasons) == 0 {
		return "there is no other Pod"
	}
	return strings.Join(reasons, ", ")
}

// hasMoved is whether the slices route to the Pod, as ready, and to nobody else. One of a family that the Pod has no address of is empty.
func (s *switchover) hasMoved(view *controllers.View) bool {
	if view.Slice == nil || !leaderservice.HasReadyEndpoint(view.Slice) || !routesTo(view.Slice, s.target) {
		return false
	}
	for _, slice := range view.Slices() {
		if len(slice.Endpoints) > 0 && !routesTo(slice, s.target) {
			return false
		}
	}
	return true
}

func routesTo(slice *discoveryv1.EndpointSlice, pod *corev1.Pod) bool {
	return slices.ContainsFunc(slice.Endpoints, func(endpoint discoveryv1.Endpoint) bool {
		return endpoint.TargetRef != nil && endpoint.TargetRef.UID == pod.UID
	})
}

// move writes the preference and waits.
func (s *switchover) move(ctx context.Context) error {
	read, err := s.cluster.service(ctx, s.service)
	if err != nil {
		return err
	}
	p := &preference{cluster: s.cluster, key: s.cluster.key(s.service), wrote: s.pod}
	finished := s.warnOfCtrlC(ctx, p)
	defer finished()
	began := s.clock.Now()
	unknown, err := p.set(ctx, read)
	switch {
	case apierrors.IsConflict(err):
		return fmt.Errorf("the Service %s was changed by somebody else just now; nothing was written, try again", s.service)
	case err != nil && !unknown:
		return fmt.Errorf("setting %s: %w", contract.AnnotationPreferredLeader, err)
	case err != nil:
		return s.giveUp(ctx, p, unknown, fmt.Errorf("the API server has not answered whether %s is set: %w", contract.AnnotationPreferredLeader, err))
	}
	waiting, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	view, err := s.await(waiting)
	if err != nil {
		return s.giveUp(ctx, p, false, err)
	}
	took := s.clock.Since(began)
	say(s.Out, "%s leads %s, epoch %d. It took %s from before the preference was written until the EndpointSlice was seen to have moved.",
		s.pod, s.service, view.Record.Epoch, took.Round(100*time.Microsecond))
	return s.settle(ctx, p)
}

// warnOfCtrlC says what happens once the user has given up: it may take a while.
func (s *switchover) warnOfCtrlC(ctx context.Context, p *preference) (finished func()) {
	stop := context.AfterFunc(ctx, func() {
		say(s.ErrOut, "Putting back what was written. Ending this at once would leave it; then: %s", p.command())
	})
	return func() { stop() }
}

// await waits until the leader has moved, or cannot.
func (s *switchover) await(ctx context.Context) (*controllers.View, error) {
	for {
		view, err := s.look(ctx)
		switch {
		case err != nil:
			return nil, err
		case s.hasMoved(view):
			return view, nil
		case view.Source == nil || !view.Routable:
			return nil, fmt.Errorf("the Service %s was deleted or opted out meanwhile", s.service)
		}
		if problem := s.lostCause(view); problem != nil {
			return nil, problem
		}
		select {
		case <-s.live.changed:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, fmt.Errorf("the leader has not moved in %s; is an operator at work in namespace %s?", s.timeout, s.cluster.namespace)
			}
			return nil, errors.New("interrupted")
		}
	}
}

// lostCause says why it is no use to wait any longer; nil if it is.
func (s *switchover) lostCause(view *controllers.View) error {
	for _, candidate := range view.Pods {
		if candidate.Pod.UID == s.target.UID {
			if candidate.Rule == "" || candidate.Rule == election.RulePaused {
				return nil
			}
			return fmt.Errorf("%s cannot lead any longer: %s (%s)", s.pod, s.ruleNote(view, candidate), candidate.Rule)
		}
	}
	return fmt.Errorf("the Pod %s is gone", s.pod)
}

// settle takes the preference away again if that is wished, else says that it stays.
func (s *switchover) settle(ctx context.Context, p *preference) error {
	if !s.release {
		say(s.Out, "%s=%s stays set. To take it away: %s", contract.AnnotationPreferredLeader, s.pod, (&preference{key: p.key}).command())
		return nil
	}
	p.before = nil
	if _, err := p.putBack(ctx); err != nil {
		return &exitError{ExitLeftBehind, fmt.Errorf("%s leads, and %s=%s could not be taken away again: %w; to do so: %s",
			s.pod, contract.AnnotationPreferredLeader, s.pod, err, p.command())}
	}
	say(s.Out, "%s is taken away again.", contract.AnnotationPreferredLeader)
	return nil
}

// giveUp puts the preference back and says what is set.
func (s *switchover) giveUp(ctx context.Context, p *preference, unknown bool, why error) error {
	done, err := p.putBack(ctx)
	stands := "is not set, as before"
	if p.before != nil {
		stands = fmt.Sprintf("is %q again, as before", *p.before)
	}
	switch {
	case err != nil:
		return &exitError{ExitLeftBehind, fmt.Errorf("%w. %s=%s is set, or may be, and could not be put back (%w); to do so: %s",
			why, contract.AnnotationPreferredLeader, s.pod, err, p.command())}
	case unknown && !done:
		return &exitError{ExitLeftBehind, fmt.Errorf("%w. It is not set now, but a request that is still under way may set it; should it appear: %s",
			why, p.command())}
	case !done:
		why = fmt.Errorf("%w. %s was changed by somebody else meanwhile, and left as it is", why, contract.AnnotationPreferredLeader)
	default:
		why = fmt.Errorf("%w. %s %s", why, contract.AnnotationPreferredLeader, stands)
	}
	if ctx.Err() != nil {
		return &exitError{ExitInterrupted, why}
	}
	return &exitError{ExitTimeout, why}
}
