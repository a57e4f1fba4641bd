package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/zen-lead/zen-lead/test/traffic/record"
	"github.com/zen-lead/zen-lead/test/traffic/results"
)

const (
	// timeout is after what time a client gives a request up.
	timeout = time.Second
	// connections is how many a stream keeps.
	connections = 50
	// witnessRate is in requests a second, of the clients on the other nodes.
	witnessRate = 100
)

// order is what a client is asked to do.
type order struct {
	TimeoutMilliseconds int64               `json:"timeout_ms"`
	Streams             []record.StreamSpec `json:"streams"`
}

// allWays is the order of the client that measures: every way in every mode.
func (a application) allWays(namespace string, rate int) order {
	ordered := order{TimeoutMilliseconds: timeout.Milliseconds()}
	for _, way := range results.Ways {
		for _, mode := range results.Modes {
			ordered.Streams = append(ordered.Streams, stream(way+"-"+mode, mode, a.services()[way], namespace, rate))
		}
	}
	return ordered
}

// witness is the order of a client on another node: new connections to the leader.
func (a application) witness(namespace string) order {
	return order{
		TimeoutMilliseconds: timeout.Milliseconds(),
		Streams:             []record.StreamSpec{stream(results.WayLeader+"-"+record.ModeNew, record.ModeNew, a.leaderService(), namespace, witnessRate)},
	}
}

func stream(name, mode, service, namespace string, rate int) record.StreamSpec {
	return record.StreamSpec{
		Name: name, Mode: mode, Address: fmt.Sprintf("%s.%s.svc:%d", service, namespace, servicePort),
		Rate: rate, Connections: connections,
	}
}

// control calls the control port of Pods by way of the API server, which works on every cluster.
type control struct {
	clients   kubernetes.Interface
	namespace string
}

func (c control) post(ctx context.Context, pod, path string, parameters map[string]string, body any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request := c.clients.CoreV1().RESTClient().Post().Namespace(c.namespace).Resource("pods").
		Name(fmt.Sprintf("%s:%d", pod, controlPort)).SubResource("proxy").Suffix(path).SetHeader("Content-Type", "application/json").Body(encoded)
	for name, value := range parameters {
		request = request.Param(name, value)
	}
	if said, err := request.DoRaw(ctx); err != nil {
		return fmt.Errorf("POST %s of Pod %s: %w: %s", path, pod, err, bytes.TrimSpace(said))
	}
	return nil
}

// begin starts requests from a client's Pod.
func (c control) begin(ctx context.Context, pod string, ordered order) error {
	return c.post(ctx, pod, "run", nil, ordered)
}

// end stops them and returns what the client has seen.
func (c control) end(ctx context.Context, pod string) (*record.Run, error) {
	if err := c.post(ctx, pod, "stop", nil, nil); err != nil {
		return nil, err
	}
	encoded, err := c.clients.CoreV1().RESTClient().Get().Namespace(c.namespace).Resource("pods").
		Name(fmt.Sprintf("%s:%d", pod, controlPort)).SubResource("proxy").Suffix("records").DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("fetching the records of Pod %s: %w", pod, err)
	}
	return record.Read(bytes.NewReader(encoded))
}

// setReady tells a Pod of the application to be ready, or not.
func (c control) setReady(ctx context.Context, pod string, ready bool) error {
	return c.post(ctx, pod, "ready", map[string]string{"value": fmt.Sprint(ready)}, nil)
}

func podReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil
		}
	}
	return false
}
