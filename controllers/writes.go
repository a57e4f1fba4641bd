package controllers

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// Every write is conditional on what was read: an update carries the resourceVersion, a deletion UID and resourceVersion
// as preconditions, and a creation fails if the name is taken.

// errStale means that the cache was behind: somebody, perhaps we ourselves, wrote in between. It is no fault; the next
// pass starts from what the watch brings.
var errStale = errors.New("the cache is behind the API server")

// errNamespaceGoing means that the namespace is being deleted: nothing can be made in it, and soon nothing will be there.
var errNamespaceGoing = errors.New("the namespace is being deleted")

// errNameTaken means that an object of somebody else has the name.
var errNameTaken = errors.New("the name is taken")

func (r *Reconciler) createService(ctx context.Context, seen *observation, service *corev1.Service) (*corev1.Service, error) {
	err := r.client.Create(ctx, service)
	if apierrors.IsAlreadyExists(err) {
		existing := &corev1.Service{}
		if err := r.live.Get(ctx, client.ObjectKeyFromObject(service), existing); err != nil {
			return nil, ignoreRace(err, "reading Service", service)
		}
		if seen.ownership(existing) == leaderservice.Foreign {
			return nil, errNameTaken
		}
		return nil, errStale
	}
	return service, ignoreRace(err, "creating Service", service)
}

func (r *Reconciler) createSlice(ctx context.Context, source types.NamespacedName, leaderService *corev1.Service, slice *discoveryv1.EndpointSlice) error {
	err := r.client.Create(ctx, slice)
	if apierrors.IsAlreadyExists(err) {
		existing := &discoveryv1.EndpointSlice{}
		if err := r.live.Get(ctx, client.ObjectKeyFromObject(slice), existing); err != nil {
			return ignoreRace(err, "reading EndpointSlice", slice)
		}
		if leaderservice.OwnershipOf(existing, leaderService.Name, leaderService.UID, source.Name) == leaderservice.Foreign {
			return errNameTaken
		}
		return errStale
	}
	return ignoreRace(err, "creating EndpointSlice", slice)
}

// update writes an object back; the object carries the resourceVersion that was read.
func (r *Reconciler) update(ctx context.Context, kind string, object client.Object) error {
	replaced := object.GetResourceVersion()
	if err := r.client.Update(ctx, object); err != nil {
		return ignoreRace(err, "updating "+kind, object)
	}
	if object.GetResourceVersion() != replaced { // a write that changes nothing keeps the version
		r.writes.updated(object, replaced)
	}
	return nil
}

// remove deletes an object as it was read. That it is gone already is as good.
func (r *Reconciler) remove(ctx context.Context, kind string, object client.Object) error {
	uid, version := object.GetUID(), object.GetResourceVersion()
	first := r.writes.deleting(uid)
	err := r.client.Delete(ctx, object, client.Preconditions{UID: &uid, ResourceVersion: &version},
		client.PropagationPolicy(metav1.DeletePropagationBackground))
	if err != nil && first && !isUnanswered(err) { // else the watch may have yet to report what this or the earlier attempt deleted
		r.writes.notDeleting(uid)
	}
	if apierrors.IsNotFound(err) {
		return nil
	}
	return ignoreRace(err, "deleting "+kind, object)
}

// ignoreRace turns a lost race into errStale and says of any other error what was attempted.
func ignoreRace(err error, attempt string, object client.Object) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsConflict(err), apierrors.IsNotFound(err):
		return errStale
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return errNamespaceGoing
	}
	return fmt.Errorf("%s %s/%s: %w", attempt, object.GetNamespace(), object.GetName(), err)
}
