package bench

import (
	"fmt"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

const (
	// servicesPerNamespace is how many Services share a namespace, as they may in a large cluster.
	servicesPerNamespace = 100
	// podsPerService is how many Pods a Service has, each on a node of its own: the leader, and who takes over.
	podsPerService = 2
	appLabel       = "app"
	portName       = "http"
)

// member is one of the world's Services, opted in, with its Pods.
type member struct {
	source types.NamespacedName
	pods   [podsPerService]pod
}

// pod is a Pod of a Service. Its place in the array is its node's.
type pod struct {
	name string
	uid  types.UID
}

func newMember(number int) *member {
	return &member{source: types.NamespacedName{
		Namespace: namespaceOf(number), Name: fmt.Sprintf("app-%d", number),
	}}
}

func namespaceOf(number int) string { return fmt.Sprintf("bench-%d", number/servicesPerNamespace) }

// leader is the leader Service.
func (m *member) leader() types.NamespacedName {
	return types.NamespacedName{Namespace: m.source.Namespace, Name: m.source.Name + contract.DefaultLeaderServiceSuffix}
}

func (m *member) service() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: m.source.Namespace, Name: m.source.Name, Annotations: map[string]string{contract.AnnotationEnabled: "true"},
		},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{appLabel: m.source.Name},
			Ports:    []corev1.ServicePort{{Name: portName, Port: 80, TargetPort: intstr.FromString(portName)}},
		},
	}
}

// servicePod is a Pod that the Service selects, without its status. The number makes its name unique.
func (m *member) servicePod(place int, number uint32) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: m.source.Namespace, Name: fmt.Sprintf("%s-%d", m.source.Name, number),
			Labels: map[string]string{appLabel: m.source.Name},
		},
		Spec: corev1.PodSpec{
			NodeName: controlplane.Nodes[place],
			Containers: []corev1.Container{{
				Name: "app", Image: "app:1", Ports: []corev1.ContainerPort{{Name: portName, ContainerPort: 8080}},
			}},
		},
	}
}

// runningStatus is that of a Pod which has been Ready since then.
func runningStatus(address string, since time.Time) corev1.PodStatus {
	at := metav1.NewTime(since)
	status := corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: address, PodIPs: []corev1.PodIP{{IP: address}}, StartTime: &at,
	}
	for _, kind := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		status.Conditions = append(status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: at})
	}
	return status
}

// readinessPatch is what a kubelet writes when a probe's result changes. API times are whole seconds.
func readinessPatch(ready corev1.ConditionStatus, at time.Time) []byte {
	condition := func(kind corev1.PodConditionType) string {
		return fmt.Sprintf(`{"type":%q,"status":%q,"lastTransitionTime":%q}`, kind, ready, at.UTC().Format(time.RFC3339))
	}
	return fmt.Appendf(nil, `{"status":{"conditions":[%s,%s]}}`, condition(corev1.PodReady), condition(corev1.ContainersReady))
}

// address is a Pod's: a number out of 10.128.0.0/9, of which Services have nothing.
func address(number uint32) string {
	return netip.AddrFrom4([4]byte{10, 128 + byte(number>>16), byte(number >> 8), byte(number)}).String()
}
