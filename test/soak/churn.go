package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/workload"
)

// longestPause is how long a change may stay at most before it is taken back.
const longestPause = 2 * time.Second

// churn changes Services of a namespace at random.
type churn struct {
	*workload.Pods
	services []*member
	mutex    sync.Mutex
	made     map[string]int // how many changes, by what they are
}

// member is one of the Services. The one that has its place is replaced by another one of another name now and then.
type member struct {
	place, generation int
	busy              sync.Mutex
}

func (m *member) name() string { return fmt.Sprintf("service-%d-g%d", m.place, m.generation) }

// change is something that happens to a Service, and is over when it returns: the Service is then as it was, or another one.
type change struct {
	name   string
	weight int
	make   func(context.Context, *churn, *member, func() error) error
}

// changes are all there are. Pods fail far more often than people change things.
func changes() []change {
	all := []change{
		{"leader Service renamed", 1, annotated(contract.AnnotationLeaderServiceName, func(m *member) string { return m.name() + "-x" })},
		{"opted out", 1, annotated(contract.AnnotationEnabled, func(*member) string { return "false" })},
		{"annotation misspelt", 1, annotated(contract.AnnotationFailoverMinDelay, func(m *member) string { return "soon-" + m.name() })},
		{"Service replaced", 1, replaceService},
	}
	for _, spoil := range workload.Spoils {
		all = append(all, change{spoil.Name, 1, func(ctx context.Context, c *churn, m *member, _ func() error) error {
			return spoil.Do(ctx, c.Pods, m.name())
		}})
	}
	for _, failure := range workload.Failures {
		all = append(all, change{"Pod " + failure.Name, 4, failing(failure)})
	}
	return all
}

// run makes so many changes in a second, on average, until the context ends, and waits until all have been taken back.
func (c *churn) run(ctx context.Context, random *rand.Rand, perSecond float64) error {
	var lots []change
	for _, one := range changes() {
		for range one.weight {
			lots = append(lots, one)
		}
	}
	failed := make(chan error, 1)
	var running sync.WaitGroup
	defer running.Wait()
	for {
		pause := time.Duration(random.ExpFloat64() / perSecond * float64(time.Second))
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case <-time.After(pause):
		}
		m, one := c.services[random.IntN(len(c.services))], lots[random.IntN(len(lots))]
		lasts := time.Duration(random.Int64N(int64(longestPause)))
		if !m.busy.TryLock() {
			continue
		}
		c.count(one.name)
		running.Go(func() {
			defer m.busy.Unlock()
			// It is taken back even if the run ends meanwhile.
			err := one.make(context.WithoutCancel(ctx), c, m, func() error { time.Sleep(lasts); return nil })
			if err != nil {
				select {
				case failed <- fmt.Errorf("%s of %s: %w", one.name, m.name(), err):
				default:
				}
			}
		})
	}
}

func (c *churn) count(name string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.made[name]++
}

func (c *churn) total() (total int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, count := range c.made {
		total += count
	}
	return total
}

func failing(failure workload.Failure) func(context.Context, *churn, *member, func() error) error {
	return func(ctx context.Context, c *churn, m *member, pause func() error) error {
		pod := workload.Name(m.name(), 0)
		if err := failure.Fail(c.Pods, ctx, pod); err != nil {
			return err
		}
		if err := pause(); err != nil {
			return err
		}
		return failure.Recover(c.Pods, ctx, pod)
	}
}

func annotated(key string, value func(*member) string) func(context.Context, *churn, *member, func() error) error {
	return func(ctx context.Context, c *churn, m *member, pause func() error) error {
		services := c.Client.CoreV1().Services(c.Namespace)
		set := func(json string) error {
			patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%s}}}`, key, json)
			_, err := services.Patch(ctx, m.name(), types.MergePatchType, patch, metav1.PatchOptions{})
			return err
		}
		if err := set(fmt.Sprintf("%q", value(m))); err != nil {
			return err
		}
		if err := pause(); err != nil {
			return err
		}
		if key == contract.AnnotationEnabled {
			return set(`"true"`)
		}
		return set("null")
	}
}

// replaceService has another Service take its place, with Pods of other names: what is remembered of the former one has to be forgotten.
func replaceService(ctx context.Context, c *churn, m *member, _ func() error) error {
	if err := c.Client.CoreV1().Services(c.Namespace).Delete(ctx, m.name(), metav1.DeleteOptions{}); err != nil {
		return err
	}
	for number := range podsEach {
		if err := c.Delete(ctx, workload.Name(m.name(), number)); err != nil {
			return err
		}
	}
	m.generation++
	return c.MakeService(ctx, m.name(), podsEach, corev1.IPv4Protocol)
}
