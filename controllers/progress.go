package controllers

import (
	"reflect"
	"sync"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// progress remembers how far each watch has come: the highest resourceVersion that it has brought. A watch brings what happened
// in the order of resourceVersions, so it has brought everything before that.
//
// Strictly, Kubernetes compares resourceVersions of one resource only. Those of Pods, Services, Leases and EndpointSlices count
// the revisions of one etcd together, unless an API server is told to keep one of them in an etcd of its own
// (--etcd-servers-overrides, which is used for Events). Source of the order: KEP-5504, and
// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
type progress struct {
	// everywhere is whether one watch of a kind covers all namespaces. Otherwise there is one for each.
	everywhere bool

	mutex   sync.Mutex
	highest map[watchKey]string
}

// watchKey identifies a watch.
type watchKey struct {
	kind      reflect.Type
	namespace string // empty if it covers all
}

func (p *progress) key(object client.Object, namespace string) watchKey {
	if p.everywhere {
		namespace = ""
	}
	return watchKey{reflect.TypeOf(object), namespace}
}

// note takes down an object that a watch has brought and the cache shows.
func (p *progress) note(object client.Object) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.highest == nil {
		p.highest = map[watchKey]string{}
	}
	key, version := p.key(object, object.GetNamespace()), object.GetResourceVersion()
	before, known := p.highest[key]
	if isLater(version, before) || !known {
		p.highest[key] = version
	}
}

// forget drops all of it.
func (p *progress) forget() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	clear(p.highest)
}

// progressThen is how far the watches that decide had come at a time, and that of our slices.
type progressThen struct{ pods, services, leases, slices string }

// then is how far they have come in a namespace by now.
func (p *progress) then(namespace string) progressThen {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return progressThen{
		pods:     p.highest[p.key(&corev1.Pod{}, namespace)],
		services: p.highest[p.key(&corev1.Service{}, namespace)],
		leases:   p.highest[p.key(&coordinationv1.Lease{}, namespace)],
		slices:   p.highest[p.key(&discoveryv1.EndpointSlice{}, namespace)],
	}
}

// isPast is whether they had brought everything that had happened before a version; Leases only if they matter. It is false if that
// cannot be told.
func (p progressThen) isPast(version string, leases bool) bool {
	decisive := []string{p.pods, p.services}
	if leases {
		decisive = append(decisive, p.leases)
	}
	for _, highest := range decisive {
		if !isLater(highest, version) {
			return false
		}
	}
	return true
}

// isLater is whether a version is later than another one; false if that cannot be told.
func isLater(version, than string) bool {
	after, err := resourceversion.CompareResourceVersion(version, than)
	return err == nil && after > 0
}
