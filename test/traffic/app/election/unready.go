package election

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// statusInterval is how often the own Pod is looked at.
const statusInterval = 20 * time.Millisecond

// AwaitUnready returns once the status of the own Pod says that it is not ready, or the context ends.
func (c *Campaign) AwaitUnready(ctx context.Context) {
	_ = wait.PollUntilContextCancel(ctx, statusInterval, true, func(ctx context.Context) (bool, error) {
		pod, err := c.options.Client.CoreV1().Pods(c.options.Namespace).Get(ctx, c.options.Pod, metav1.GetOptions{})
		return err == nil && !slices.ContainsFunc(pod.Status.Conditions, isReady), nil
	})
}

func isReady(condition corev1.PodCondition) bool {
	return condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue
}
