package plugin

import (
	"context"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/controllers"
	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

func (c *cli) explainCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "explain SERVICE",
		Short: "Say of one Service who leads, who would lead next, and why each Pod can or cannot",
		Long: "Say of one Service who leads and why, who would lead if that Pod were deleted now, which rule of eligibility each Pod fails,\n" +
			"what holds of the settings, and what is the matter. SERVICE is the annotated one, not the leader Service.\n\n" +
			"It is what the operator itself would come to if it had just been started. Durations are counted by the nodes' clocks and by yours\n" +
			"here, to the second.",
		Example:           "  " + Name + " explain my-app\n  " + Name + " explain my-app -o jsonpath='{.next.pod}'",
		Args:              usageArgs(cobra.ExactArgs(1)),
		ValidArgsFunction: c.completeServices(anyService),
	}
	format := newOutput(command)
	command.RunE = func(command *cobra.Command, arguments []string) error {
		if err := format.check(); err != nil {
			return err
		}
		cluster, err := c.connect(false)
		if err != nil {
			return err
		}
		told, err := c.explain(command.Context(), cluster, arguments[0])
		if err != nil {
			return err
		}
		if !format.isOwn() {
			return format.print(c.Out, kindReport, told)
		}
		return c.printExplanation(told)
	}
	return command
}

// explanation is all that is told of one source Service.
type explanation struct {
	report `json:",inline"`
	// Enabled is whether the Service is opted in.
	Enabled bool `json:"enabled"`
	// Elected is whom an election comes to now; nil for nobody.
	Elected *choice `json:"elected,omitempty"`
	// Next is whom it would come to if that Pod were deleted now.
	Next       choice       `json:"next"`
	Lease      *lease       `json:"lease,omitempty"`
	Settings   []setting    `json:"settings"`
	Candidates []podVerdict `json:"podVerdicts"`
}

// choice is a Pod that leads or would, and why; without a Pod it is why nobody would.
type choice struct {
	Pod string `json:"pod,omitempty"`
	// Basis is the rule by which, and Criterion that of the election order, if that is the rule.
	Basis     election.Basis     `json:"basis,omitempty"`
	Criterion election.Criterion `json:"criterion,omitempty"`
	Note      string             `json:"note"`
}

// lease is the followed Lease.
type lease struct {
	Name string `json:"name"`
	Note string `json:"note"`
}

// setting is an annotation, and what holds.
type setting struct {
	Key string `json:"key"`
	// Value is what was typed, if anything.
	Value *string `json:"value,omitempty"`
	// InForce is what holds.
	InForce string `json:"inForce"`
	// Problem says what is wrong with the value.
	Problem string `json:"problem,omitempty"`
}

// podVerdict is a Pod, and whether it can lead.
type podVerdict struct {
	Pod      string       `json:"pod"`
	Node     string       `json:"node,omitempty"`
	Ready    bool         `json:"ready"`
	Since    *metav1.Time `json:"readyChangedAt,omitempty"`
	Revision string       `json:"revision,omitempty"`
	Eligible bool         `json:"eligible"`
	// Rule is the first one that it fails.
	Rule election.Rule `json:"rule,omitempty"`
	Note string        `json:"note,omitempty"`
}

// explain says all of one Service.
func (c *cli) explain(ctx context.Context, cluster *cluster, service string) (*explanation, error) {
	read, err := c.read(ctx, cluster)
	if err != nil {
		return nil, err
	}
	view, unreadable, err := read.look(ctx, cluster.key(service))
	if err != nil {
		return nil, err
	}
	if view.Source == nil && view.LeaderService == nil {
		return nil, cluster.noService(ctx, service)
	}
	return c.explanationOf(ctx, view, unreadable)
}

func (c *cli) explanationOf(ctx context.Context, view *controllers.View, unreadable bool) (*explanation, error) {
	told := &explanation{
		report: *reportOf(view, unreadable), Enabled: view.Policy.Enabled, Settings: settingsOf(view), Candidates: []podVerdict{},
	}
	if note := leaseNote(view, unreadable); note != "" {
		told.Lease = &lease{view.Policy.FollowLease, note}
	}
	if !view.Routable {
		told.Next.Note = "it is to have no leader Service"
		return told, nil
	}
	for _, candidate := range view.Pods {
		told.Candidates = append(told.Candidates, c.verdictOf(view, candidate))
	}
	if unreadable {
		told.Next.Note = "the holder of the Lease " + view.Policy.FollowLease + ", which you may not read"
		return told, nil
	}
	if view.Decision.Leader != nil {
		elected := choiceOf(view.Policy, view.Decision, view.Advantage())
		told.Elected = &elected
	}
	next, criterion, err := view.Succession(ctx)
	if err != nil {
		return nil, err
	}
	told.Next = choiceOf(view.Policy, next, criterion)
	return told, nil
}

func choiceOf(policy contract.Policy, decision election.Decision, criterion election.Criterion) choice {
	if decision.Leader == nil {
		return choice{Note: nobodyNote(decision)}
	}
	return choice{decision.Leader.Name, decision.Basis, criterion, basisNote(policy, decision, criterion)}
}

// verdictOf says whether a Pod can lead.
func (c *cli) verdictOf(view *controllers.View, candidate controllers.Candidate) podVerdict {
	pod := candidate.Pod
	verdict := podVerdict{
		Pod: pod.Name, Node: pod.Spec.NodeName, Ready: candidate.Ready(), Revision: revisionOf(pod),
		Eligible: candidate.Rule == "", Rule: candidate.Rule, Note: c.ruleNote(view, candidate),
	}
	if _, changed := leaderservice.Readiness(pod); !changed.IsZero() {
		since := metav1.NewTime(changed)
		verdict.Since = &since
	}
	return verdict
}

// settingsOf are all settings, those that nobody has typed as well, and what nobody knows that was typed.
func settingsOf(view *controllers.View) []setting {
	settings := []setting{}
	if view.Source == nil {
		return settings
	}
	problems := map[string]string{}
	for _, invalid := range view.Invalid {
		problems[invalid.Key] = invalid.Allowed
	}
	add := func(key, inForce string) {
		told := setting{Key: key, InForce: inForce, Problem: problems[key]}
		if value, typed := view.Source.Annotations[key]; typed {
			told.Value = &value
		}
		delete(problems, key)
		settings = append(settings, told)
	}
	for _, known := range contract.Settings() {
		add(known.Key, known.InForce(view.Policy))
	}
	for _, invalid := range view.Invalid {
		if problems[invalid.Key] != "" {
			add(invalid.Key, "")
		}
	}
	return settings
}
