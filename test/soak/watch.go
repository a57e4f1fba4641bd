package soak

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/zen-lead/zen-lead/test/bench/replica"
	"github.com/zen-lead/zen-lead/test/chaos/checker"
	"github.com/zen-lead/zen-lead/test/workload"
)

const (
	// tellEvery is after how many readings people are told.
	tellEvery = 5
	// mostMissed is how many samples may be missing.
	mostMissed = 10
	// rightWithin is how soon after the last change every slice has to be right.
	rightWithin = 30 * time.Second
)

// sample is what the replicas hold at a moment, counted from the beginning.
type sample struct {
	at    time.Duration
	usage []replica.Usage
}

// watch takes samples until the time is over. It ends early with the error of the changes, if there is one.
func (w *world) watch(ctx context.Context, ended <-chan error) (samples []sample, err error) {
	began := time.Now()
	ticker := time.NewTicker(w.Every)
	defer ticker.Stop()
	missed := 0
	for number := 1; time.Since(began) < w.Warmup+w.Measured; number++ {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case err := <-ended:
			return nil, fmt.Errorf("the changes ended: %w", err)
		case <-ticker.C:
		}
		taken, err := w.sample(ctx, time.Since(began))
		if err != nil { // of a machine that is too busy, or of a process that has ended
			if missed++; missed > mostMissed {
				return nil, err
			}
			fmt.Fprintln(w.Output, "A sample is missing:", err)
			continue
		}
		if number%tellEvery == 1 {
			w.tell(taken)
		}
		if taken.at >= w.Warmup {
			samples = append(samples, taken)
		}
	}
	return samples, nil
}

func (w *world) sample(ctx context.Context, at time.Duration) (sample, error) {
	taken := sample{at: at}
	for number, r := range w.replicas {
		usage, err := r.Usage(ctx)
		if err != nil {
			return sample{}, fmt.Errorf("the %s replica: %w", roles[number], err)
		}
		taken.usage = append(taken.usage, usage)
	}
	return taken, nil
}

func (w *world) tell(taken sample) {
	fmt.Fprintf(w.Output, "%8s  %7d changes", taken.at.Round(time.Second), w.churn.total())
	for number, usage := range taken.usage {
		fmt.Fprintf(w.Output, " | %s: %.1f MiB, %.1f MiB of them its own, heap %.1f MiB, %.0f goroutines, %.0f descriptors, %.0f series", roles[number],
			usage.Resident/mebibyte, usage.Own/mebibyte, usage.Heap/mebibyte, usage.Goroutines, usage.Descriptors, usage.Series)
	}
	fmt.Fprintln(w.Output)
}

// rightAgain waits until every slice is right, and returns how long that took.
func (w *world) rightAgain(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	var wrong []string
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, rightWithin, true, func(ctx context.Context) (bool, error) {
		judge, err := w.state(ctx)
		if err != nil {
			return false, err
		}
		for _, m := range w.churn.services {
			judge.OptedIn(namespace+"/"+m.name(), workload.Selector(m.name()), corev1.IPv4Protocol)
		}
		wrong = append(judge.Judge(), judge.Wrong()...)
		return len(wrong) == 0, nil
	})
	if err != nil {
		return 0, fmt.Errorf("not right within %s (%w): %s", rightWithin, err, strings.Join(wrong, "; "))
	}
	return time.Since(began), nil
}

// state is a checker that knows what there is now.
func (w *world) state(ctx context.Context) (*checker.Checker, error) {
	judge := checker.New(0)
	at := checker.Version{Revision: 1, Seen: time.Now(), Listed: true}
	pods, err := w.churn.Client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for i := range pods.Items {
		judge.Pod(&pods.Items[i], at)
	}
	slices, err := w.churn.Client.DiscoveryV1().EndpointSlices(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for i := range slices.Items {
		judge.Slice(&slices.Items[i], at)
	}
	return judge, nil
}
