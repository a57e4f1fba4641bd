package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// trafficClient is a Pod in a namespace of its own that sends requests.
type trafficClient struct {
	namespace, pod string
}

// rate is in requests a second.
const rate = 50

// runningClient is shared by all tests.
var runningClient trafficClient

func startClient() {
	GinkgoHelper()
	namespace := newNamespace("zen-lead-e2e-client-")
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace.Name, Name: "client"},
		Spec:       restrictedPod(trafficContainer("drive")),
	}
	Expect(admin.Create(ctx, pod)).To(Succeed())
	runningClient = trafficClient{namespace: namespace.Name, pod: pod.Name}
}

func (c trafficClient) isUp() error {
	return c.stop()
}

// start begins to send requests; those of an earlier start are forgotten. It fails while DNS does not know the name.
func (c trafficClient) start(mode, address string) error {
	body, err := json.Marshal(map[string]any{"timeout_ms": 1000, "streams": []record.StreamSpec{
		{Name: mode, Mode: mode, Address: address, Rate: rate, Connections: 5},
	}})
	if err != nil {
		return err
	}
	if err := c.stop(); err != nil {
		return err
	}
	return podProxy(clients.CoreV1().RESTClient().Post(), c.namespace, c.pod, "run").Body(body).Do(ctx).Error()
}

func (c trafficClient) stop() error {
	return podProxy(clients.CoreV1().RESTClient().Post(), c.namespace, c.pod, "stop").Do(ctx).Error()
}

// records are what came of the requests since the start.
func (c trafficClient) records() (*record.Run, error) {
	content, err := podProxy(clients.CoreV1().RESTClient().Get(), c.namespace, c.pod, "records").Do(ctx).Raw()
	if err != nil {
		return nil, err
	}
	return record.Read(bytes.NewReader(content))
}

// answers sends requests until so many have ended, and returns how they did, each kind once: the name of the Pod that
// answered, or the outcome where none served.
func (c trafficClient) answers(mode, address string, count int) ([]string, error) {
	if err := c.start(mode, address); err != nil {
		return nil, err
	}
	if err := c.sends(count); err != nil {
		return nil, err
	}
	if err := c.stop(); err != nil {
		return nil, err
	}
	run, err := c.records()
	return answersOf(run), err
}

// sends waits until so many more requests have ended.
func (c trafficClient) sends(count int) error {
	before := -1
	return wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, deadline, true, func(context.Context) (bool, error) {
		run, err := c.records()
		if err != nil {
			return false, err
		}
		if before < 0 {
			before = len(run.Records)
		}
		return len(run.Records)-before >= count, nil
	})
}

// answersOf are the kinds of answers in a run, each once. What was never sent, because the machine was too busy, says nothing.
func answersOf(run *record.Run) []string {
	if run == nil {
		return nil
	}
	var kinds []string
	for _, request := range run.Records {
		if request.Outcome == record.Skipped {
			continue
		}
		kind := run.Pods[request.Pod]
		if request.Outcome != record.OK {
			kind = fmt.Sprintf("%s (%s)", request.Outcome, kind)
		}
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// address of a Service for Pods of any namespace. The cluster's domain, which may not be cluster.local, comes from the
// Pod's DNS settings.
func (w *world) address(service string) string {
	return service + "." + w.namespace + ".svc:80"
}
