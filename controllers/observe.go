package controllers

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// observation is the world as it looks for one source Service.
type observation struct {
	key types.NamespacedName
	// reader is where it was read: the caches, or the API server itself.
	reader client.Reader
	// cautious is whether a standby looks: it decides no sooner than the acting replica, and brings nobody back whom that may have
	// taken away for what the standby has not seen.
	cautious bool
	// progress is how far the watches had come before the caches were read.
	progress progressThen
	// source is the Service; nil if it does not exist or is being deleted.
	source  *corev1.Service
	policy  contract.Policy
	invalid []contract.InvalidAnnotation
	// unsupported says why the Service cannot have a leader Service; empty if it can.
	unsupported string
	// leaderServices are those that were made for the source, by name: ours and leftovers of a former source.
	leaderServices []*corev1.Service
	// pods are those that the selector matches, by name.
	pods []*corev1.Pod
	// lease is the followed Lease; nil if there is none.
	lease *coordinationv1.Lease
	// attested is the source that a leader Service was made for, by its slices; empty if they do not say.
	attested func(*corev1.Service) string
	// conflict tells of somebody else's object that keeps the leader Service of the wanted name from being made.
	conflict string
	// unmade is why the leader Service of the wanted name could not be made; nil if it could, or was not tried.
	unmade error
}

// routable is whether the source is to have a leader Service.
func (o *observation) routable() bool {
	return o.source != nil && o.policy.Enabled && o.unsupported == ""
}

func (r *Reconciler) observe(ctx context.Context, key types.NamespacedName) (*observation, error) {
	seen := &observation{key: key, reader: r.cache, progress: r.progress.then(key.Namespace), attested: r.attested}
	source := &corev1.Service{}
	err := r.cache.Get(ctx, key, source)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading Service %s: %w", key, err)
	}
	if err == nil && source.DeletionTimestamp != nil && controllerutil.ContainsFinalizer(source, metav1.FinalizerOrphanDependents) {
		return seen, nil // deleted with --cascade=orphan: what belongs to it is to stay, without an owner
	}
	if err == nil {
		seen.read(source)
	}
	if seen.leaderServices, err = r.leaderServicesOf(ctx, seen); err != nil {
		return nil, err
	}
	if !seen.routable() {
		return seen, nil
	}
	if seen.pods, err = r.podsOf(ctx, source); err != nil {
		return nil, err
	}
	seen.lease, err = leaseOf(ctx, r.cache, key.Namespace, seen.policy.FollowLease)
	return seen, err
}

// read takes the source Service, unless it is being deleted, and what it asks for.
func (o *observation) read(source *corev1.Service) {
	if source.DeletionTimestamp != nil {
		return
	}
	o.source = source
	o.policy, o.invalid = contract.Parse(source.Name, source.Annotations)
	if o.policy.Enabled {
		o.unsupported = leaderservice.UnsupportedReason(source)
	}
}

// leaderServicesOf lists what was made for the source and is not somebody else's, by name.
func (r *Reconciler) leaderServicesOf(ctx context.Context, seen *observation) ([]*corev1.Service, error) {
	var list corev1.ServiceList
	if err := r.lookUp(ctx, &list, seen.key.Namespace, indexSource, seen.key.Name); err != nil {
		return nil, err
	}
	var found []*corev1.Service
	add := func(service *corev1.Service) {
		known := slices.ContainsFunc(found, func(other *corev1.Service) bool { return other.Name == service.Name })
		if !known && seen.ownership(service) != leaderservice.Foreign {
			found = append(found, service)
		}
	}
	for i := range list.Items {
		add(&list.Items[i])
	}
	var attesting discoveryv1.EndpointSliceList // somebody may have edited all that the Service itself says
	if err := r.lookUp(ctx, &attesting, seen.key.Namespace, indexSliceSource, seen.key.Name); err != nil {
		return nil, err
	}
	for i := range attesting.Items {
		service := &corev1.Service{}
		name, _ := contract.LeaderServiceOfSliceName(attesting.Items[i].Name)
		key := types.NamespacedName{Namespace: seen.key.Namespace, Name: name}
		if r.cache.Get(ctx, key, service) == nil && leaderservice.Attested(&attesting.Items[i], service) != "" {
			add(service)
		}
	}
	slices.SortFunc(found, func(a, b *corev1.Service) int { return cmp.Compare(a.Name, b.Name) })
	return found, nil
}

// attested is the source that a leader Service was made for, by the cached slices of it.
func (r *Reconciler) attested(service *corev1.Service) string {
	for _, addressType := range leaderservice.AddressTypes(service.Spec.IPFamilies) {
		slice, err := r.sliceOf(context.Background(), service.Namespace, service.Name, addressType) // from memory
		if err != nil || slice == nil {
			continue
		}
		if source := leaderservice.Attested(slice, service); source != "" {
			return source
		}
	}
	return ""
}

// ownership says whose a leader Service is.
func (o *observation) ownership(service *corev1.Service) leaderservice.Ownership {
	var uid types.UID
	if o.source != nil {
		uid = o.source.UID
	}
	switch o.attested(service) {
	case "":
		return leaderservice.OwnershipOf(service, o.key.Name, uid, o.key.Name)
	case o.key.Name:
		return leaderservice.AttestedOwnershipOf(service, uid, o.key.Name)
	}
	return leaderservice.Foreign
}

// standing is the leader Service that traffic goes through now: the one of the wanted name, or of a former one. Nil if there is
// none, or if it has to be made again before anything else.
func (o *observation) standing() *corev1.Service {
	var standing *corev1.Service
	for _, service := range o.leaderServices {
		if o.ownership(service) != leaderservice.Ours || leaderservice.NeedsReplacement(service, o.source) {
			continue
		}
		if standing == nil || service.Name == o.policy.LeaderServiceName {
			standing = service
		}
	}
	return standing
}

// podsOf lists the Pods that the source's selector matches.
func (r *Reconciler) podsOf(ctx context.Context, source *corev1.Service) ([]*corev1.Pod, error) {
	var list corev1.PodList
	var err error
	if indexed := anchor(source.Spec.Selector); indexed != "" {
		err = r.lookUp(ctx, &list, source.Namespace, indexPodLabel, indexed)
	} else {
		err = r.cache.List(ctx, &list, client.InNamespace(source.Namespace))
	}
	if err != nil {
		return nil, err
	}
	selector := labels.SelectorFromSet(source.Spec.Selector)
	pods := make([]*corev1.Pod, 0, len(list.Items))
	for i := range list.Items {
		if selector.Matches(labels.Set(list.Items[i].Labels)) {
			pods = append(pods, &list.Items[i])
		}
	}
	slices.SortFunc(pods, byPodName)
	return pods, nil
}

func byPodName(a, b *corev1.Pod) int { return cmp.Compare(a.Name, b.Name) }

// podNamed is the Pod of that name if it has that UID; nil if it does not exist.
func podNamed(ctx context.Context, reader client.Reader, namespace, name string, uid types.UID) (*corev1.Pod, error) {
	pod := &corev1.Pod{}
	err := reader.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, pod)
	if apierrors.IsNotFound(err) || err == nil && pod.UID != uid {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading Pod %s/%s: %w", namespace, name, err)
	}
	return pod, nil
}

// leaseOf is the followed Lease; nil if none is followed, or there is none of that name.
func leaseOf(ctx context.Context, reader client.Reader, namespace, name string) (*coordinationv1.Lease, error) {
	if name == "" {
		return nil, nil
	}
	lease := &coordinationv1.Lease{}
	err := reader.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, lease)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading Lease %s/%s: %w", namespace, name, err)
	}
	return lease, nil
}

// lookUp lists the objects of a namespace that an index has under a value. They are the cache's own: not to be changed.
func (r *Reconciler) lookUp(ctx context.Context, list client.ObjectList, namespace, index, value string) error {
	if err := r.cache.List(ctx, list, client.InNamespace(namespace), client.MatchingFields{index: value}); err != nil {
		return fmt.Errorf("looking up %s %q in namespace %s: %w", index, value, namespace, err)
	}
	return nil
}
