package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/test/controlplane"
)

// The crowd is Pods that no Service selects: what else runs in a large cluster, and passes through the operator's watch.
const (
	crowdPerWorkload  = 10
	crowdPerNamespace = 1000
	crowdWorkload     = "payments-api"
	// crowdSample is how many of them are read back to see how large they are.
	crowdSample = 100
)

// crowdNumber says which Pod of the crowd is meant.
type crowdNumber int

func (n crowdNumber) namespace() string { return fmt.Sprintf("crowd-%d", n/crowdPerNamespace) }

// hash is the workload's, as a Deployment gives its ReplicaSets one.
func (n crowdNumber) hash() string {
	return fmt.Sprintf("%010x", 0x5c9f6d7b00+int64(n)/crowdPerWorkload)
}

func (n crowdNumber) workload() string { return crowdWorkload + "-" + n.hash() }

func (n crowdNumber) name() string { return fmt.Sprintf("%s-%05x", n.workload(), int(n)) }

// growCrowd adds Pods until there are so many.
func (w *world) growCrowd(ctx context.Context, count int) error {
	begun := w.crowd
	if begun >= count {
		return nil
	}
	start := time.Now()
	for number := begun; number < count; number += crowdPerNamespace {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: crowdNumber(number).namespace()}}
		if _, err := w.clients.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	workloads := job{what: "creating other workloads", count: (count - begun) / crowdPerWorkload, workers: writers, progress: w.options.Progress}
	if err := workloads.run(ctx, func(ctx context.Context, number int) error {
		return w.createWorkload(ctx, crowdNumber(begun+number*crowdPerWorkload))
	}); err != nil {
		return err
	}
	w.crowd = count
	fmt.Fprintf(w.options.Progress, "There are %d other Pods, after %.0f s\n", count, time.Since(start).Seconds())
	return nil
}

// createWorkload makes the Pods of a workload, the first of which is given, with an owner. The owner is a ConfigMap: the
// garbage collector deletes Pods whose owner does not exist, and were it a ReplicaSet, its controller would make Pods of its
// own. To whoever reads the Pod it looks the same.
func (w *world) createWorkload(ctx context.Context, first crowdNumber) error {
	owner := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: first.workload()}}
	owner, err := w.clients.CoreV1().ConfigMaps(first.namespace()).Create(ctx, owner, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	pods := w.clients.CoreV1().Pods(first.namespace())
	for number := first; number < first+crowdPerWorkload; number++ {
		pod, err := pods.Create(ctx, crowdPod(number, owner.UID), metav1.CreateOptions{FieldManager: "kube-controller-manager"})
		if err != nil {
			return err
		}
		pod.Status = crowdStatus(address(w.numbers.Add(1)), time.Now())
		if _, err := pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{FieldManager: "kubelet"}); err != nil {
			return err
		}
	}
	return nil
}

// crowdSize is how large a Pod of the crowd is on average as JSON, in bytes. That none is missing is checked besides.
func (w *world) crowdSize(ctx context.Context) (float64, error) {
	total := 0
	step := max(1, w.crowd/crowdSample)
	read := 0
	for number := 0; number < w.crowd; number += step {
		pod, err := w.clients.CoreV1().Pods(crowdNumber(number).namespace()).Get(ctx, crowdNumber(number).name(), metav1.GetOptions{})
		if err != nil {
			return 0, err
		}
		text, err := json.Marshal(pod)
		if err != nil {
			return 0, err
		}
		total, read = total+len(text), read+1
	}
	return float64(total) / float64(read), nil
}

// crowdPod is a Pod as a Deployment makes it in a cluster with the usual additions: a sidecar, probes, metrics.
func crowdPod(number crowdNumber, owner types.UID) *corev1.Pod {
	yes := true
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: number.namespace(), Name: number.name(), GenerateName: number.workload() + "-",
			Labels: crowdLabels(number), Annotations: crowdAnnotations(number),
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "v1", Kind: "ConfigMap", Name: number.workload(), UID: owner, Controller: &yes, BlockOwnerDeletion: &yes,
			}},
		},
		Spec: crowdSpec(controlplane.Nodes[int(number)%len(controlplane.Nodes)]),
	}
}

func crowdLabels(number crowdNumber) map[string]string {
	return map[string]string{
		"app.kubernetes.io/name": crowdWorkload, "app.kubernetes.io/instance": crowdWorkload + "-production",
		"app.kubernetes.io/version": "2024.11.3", "app.kubernetes.io/component": "server", "app.kubernetes.io/part-of": "payments",
		"app.kubernetes.io/managed-by": "Helm", "team": "checkout", "pod-template-hash": number.hash(),
	}
}

func crowdAnnotations(number crowdNumber) map[string]string {
	return map[string]string{
		"prometheus.io/scrape": "true", "prometheus.io/port": "9090", "prometheus.io/path": "/metrics",
		"checksum/config":                                              fmt.Sprintf("%064x", int(number)/crowdPerWorkload),
		"kubectl.kubernetes.io/restartedAt":                            "2024-11-20T08:15:30Z",
		"kubectl.kubernetes.io/default-container":                      "server",
		"cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes": "tmp,log",
	}
}
