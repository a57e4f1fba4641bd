package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/test/traffic/figures"
	"github.com/zen-lead/zen-lead/test/traffic/record"
	"github.com/zen-lead/zen-lead/test/traffic/results"
)

const (
	// warmUp is for how long requests are sent before the fault; the latter half of it belongs to what is measured.
	warmUp = 2 * time.Second
	// tail is for how long requests are sent after all has settled.
	tail = 2 * time.Second
)

// round is one case, once.
type round struct {
	leader   string // who led when the fault was made
	node     string // where it ran
	fault    figures.Fault
	window   figures.Window
	restarts int32
	running  []chan error
}

// background runs a part of the fault that takes a while; its error ends the round.
func (r *round) background(do func() error) {
	done := make(chan error, 1)
	r.running = append(r.running, done)
	go func() { done <- do() }()
}

// Round measures a case once. It begins and ends with all Pods ready.
func (b *Bench) Round(ctx context.Context, c Case) (results.Round, error) {
	result, err := b.round(ctx, c)
	if err != nil {
		return result, fmt.Errorf("case %s: %w", c.Name, err)
	}
	return result, nil
}

func (b *Bench) round(ctx context.Context, c Case) (results.Round, error) {
	r, err := b.prepare(ctx, c)
	if err != nil {
		return results.Round{}, err
	}
	witnesses, err := b.beginAll(ctx)
	if err != nil {
		return results.Round{}, err
	}
	struckErr := b.strike(ctx, c, r)
	runs, endErr := b.endAll(ctx, witnesses, r)
	if c.heal != nil {
		endErr = errors.Join(endErr, c.heal(context.WithoutCancel(ctx), b, r)) // who interrupts us wants the cluster whole
	}
	if err := errors.Join(struckErr, endErr); err != nil {
		return results.Round{}, err
	}
	if c.faultless {
		r.fault.Pod = ""
	} else {
		r.fault.Healed = b.histories.healed(b.app.name, r.leader, r.fault.At)
	}
	r.fault.At = firstRefusal(runs[0], r.fault)
	return b.figures(r, runs), b.waitForAll(ctx)
}

// firstRefusal is when the first request was sent that the faulted Pod refused to serve; the fault's own time if there is none. The
// order not to be ready took a few milliseconds to reach the Pod, and these are nobody's.
func firstRefusal(run *record.Run, fault figures.Fault) time.Time {
	first := time.Time{}
	for _, one := range run.Records {
		sent := time.Unix(0, one.Sent)
		if one.Outcome == record.Unready && run.Pods[one.Pod] == fault.Pod && sent.After(fault.At) && (first.IsZero() || sent.Before(first)) {
			first = sent
		}
	}
	if first.IsZero() {
		return fault.At
	}
	return first
}

// prepare finds the leader.
func (b *Bench) prepare(ctx context.Context, c Case) (*round, error) {
	if err := b.waitForAll(ctx); err != nil {
		return nil, err
	}
	if err := b.wait(ctx, "the operator's replicas are ready", b.operatorReady); err != nil {
		return nil, err
	}
	if err := b.spread(ctx); err != nil {
		return nil, err
	}
	if c.prepare != nil {
		if err := c.prepare(ctx, b); err != nil {
			return nil, err
		}
	}
	leader, err := b.align(ctx)
	if err != nil {
		return nil, err
	}
	pod, err := b.pod(ctx, leader)
	if err != nil {
		return nil, err
	}
	return &round{leader: leader, node: pod.Spec.NodeName}, nil
}

// strike makes the fault and waits until all has settled.
func (b *Bench) strike(ctx context.Context, c Case, r *round) error {
	pause(ctx, warmUp)
	r.fault = figures.Fault{At: time.Now(), Pod: r.leader}
	if err := c.strike(ctx, b, r); err != nil {
		return err
	}
	if c.sudden {
		r.fault.At = time.Now()
	}
	r.window.From = r.fault.At.Add(-warmUp / 2)
	err := b.wait(ctx, "traffic has settled", func(ctx context.Context) (bool, error) { return c.settled(ctx, b, r) })
	for _, done := range r.running {
		err = errors.Join(err, <-done)
	}
	pause(ctx, tail)
	r.window.To = time.Now()
	return err
}

// pause lets requests flow for a while: what is measured is time.
func pause(ctx context.Context, duration time.Duration) {
	select {
	case <-time.After(duration):
	case <-ctx.Done():
	}
}

// beginAll starts the client that measures and a witness on every other node. It returns these by node.
func (b *Bench) beginAll(ctx context.Context) (witnesses map[string]string, err error) {
	pods, err := b.clients.CoreV1().Pods(b.namespace).List(ctx, metav1.ListOptions{LabelSelector: appLabel + "=" + clientName})
	if err != nil {
		return nil, err
	}
	witnesses = map[string]string{}
	for _, pod := range pods.Items {
		ordered := b.app.witness(b.namespace)
		if pod.Name == b.client {
			ordered = b.app.allWays(b.namespace, b.options.Rate)
		} else {
			witnesses[pod.Spec.NodeName] = pod.Name
		}
		if err := b.control.begin(ctx, pod.Name, ordered); err != nil {
			return nil, err
		}
	}
	return witnesses, nil
}

// endAll stops the clients and returns what they saw, first of all the one that measures. A witness that was lost with its
// node, or driven away, tells nothing.
func (b *Bench) endAll(ctx context.Context, witnesses map[string]string, r *round) ([]*record.Run, error) {
	run, err := b.control.end(ctx, b.client)
	if err != nil {
		return nil, err
	}
	runs := []*record.Run{run}
	for node, pod := range witnesses {
		witness, err := b.control.end(ctx, pod)
		if err == nil {
			runs = append(runs, witness)
		} else if node != r.node {
			return nil, err
		}
	}
	return runs, nil
}

// figures computes what each stream of the round shows.
func (b *Bench) figures(r *round, runs []*record.Run) results.Round {
	leaders := map[string][]figures.Leader{
		results.WayLeader: b.histories.of(b.app.leaderService()),
		results.WayPlain:  b.histories.of(b.app.leaderService()), // what it knows of no leader is what it is to be compared with
		results.WayLabel:  b.histories.of(leaseKey(b.app.lease())),
	}
	result := results.Round{Streams: map[string]map[string]figures.Figures{}, Leaders: during(leaders[results.WayLeader], r.window)}
	b.compareSlices(&result, r.fault)
	var everyone []figures.Input
	for _, run := range runs {
		for i, stream := range run.Streams {
			way, mode, _ := strings.Cut(stream.Name, "-")
			input := figures.Input{Records: run.Of(i), Pods: run.Pods, Leaders: leaders[way], Fault: r.fault, Window: r.window}
			seen := figures.Of(input)
			if way == results.WayLeader && mode == record.ModeNew {
				everyone = append(everyone, input)
				result.OutOfOrder += seen.OutOfOrder
			}
			if run != runs[0] {
				continue
			}
			if result.Streams[way] == nil {
				result.Streams[way] = map[string]figures.Figures{}
			}
			result.Streams[way][mode] = seen
			result.LatestSend = max(result.LatestSend, float64(run.LatestSend[i])/1e6)
		}
	}
	result.Overlap = float64(figures.Overlap(everyone).Nanoseconds()) / 1e6
	return result
}

// compareSlices tells when each way's slices dropped the failed Pod.
func (b *Bench) compareSlices(result *results.Round, fault figures.Fault) {
	if fault.Pod == "" {
		return
	}
	result.Slices = map[string]float64{}
	versions := map[string]int64{}
	for way, service := range b.app.services() {
		if dropped, found := b.histories.dropped(service, fault); found {
			result.Slices[way] = float64(dropped.at.Sub(fault.At).Nanoseconds()) / 1e6
			versions[way] = dropped.version
		}
	}
	leader, plain := versions[results.WayLeader], versions[results.WayPlain]
	result.LeaderFirst = leader > 0 && (plain == 0 || leader < plain)
}

func nodeReady(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
