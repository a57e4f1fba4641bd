package bench

import (
	"math/rand/v2"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// after is a time a number of milliseconds after noon.
func after(milliseconds int) time.Time {
	return noon.Add(time.Duration(milliseconds) * time.Millisecond)
}

// sliceOf is a Service's IPv4 slice that lists these Pods as ready.
func sliceOf(service types.NamespacedName, name string, ready ...types.UID) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: service.Namespace, Name: name, Labels: map[string]string{discoveryv1.LabelServiceName: service.Name},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
	}
	for _, uid := range ready {
		slice.Endpoints = append(slice.Endpoints, endpoint(uid, true))
	}
	return slice
}

func endpoint(uid types.UID, ready bool) discoveryv1.Endpoint {
	return discoveryv1.Endpoint{
		TargetRef: &corev1.ObjectReference{UID: uid}, Conditions: discoveryv1.EndpointConditions{Ready: &ready},
	}
}

// quietWorld has Services whose Pods are "<service>-a" and "<service>-b", the former of which leads, and no control plane.
func quietWorld(t *testing.T, services int) *world {
	t.Helper()
	w := &world{seen: newObserver(), random: rand.New(rand.NewPCG(1, 2))}
	for number := range services {
		m := newMember(number)
		for place, letter := range []string{"a", "b"} {
			m.pods[place] = pod{name: m.source.Name + "-" + letter, uid: types.UID(m.source.Name + "-" + letter)}
		}
		w.members = append(w.members, m)
		w.seen.note(sliceOf(m.source, m.source.Name+"-x7k2p", m.pods[0].uid, m.pods[1].uid), noon, false)
		w.lead(m, 0)
	}
	return w
}

// lead has the Pod of a place lead.
func (w *world) lead(m *member, place int) {
	w.seen.note(sliceOf(m.leader(), m.leader().Name+"-ipv4", m.pods[place].uid), noon, false)
}
