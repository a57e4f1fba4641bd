package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// ensureService returns the leader Service to route through, with the slices that bear its name. It is the one of the
// wanted name, made if need be. Where that name is not valid, or somebody else's, it is the one that exists under a former
// name: it goes on routing until the name is mended, or the API server takes the new one (seen.unmade). Nil if there is none.
func (r *Reconciler) ensureService(ctx context.Context, seen *observation) (*corev1.Service, *sliceSet, error) {
	wanted := seen.policy.LeaderServiceName
	for _, existing := range seen.leaderServices {
		switch {
		case existing.Name != wanted:
		case seen.ownership(existing) == leaderservice.Leftover:
			return nil, nil, r.retire(ctx, seen, []*corev1.Service{existing}) // the next pass makes a new one
		case existing.DeletionTimestamp == nil && leaderservice.NeedsReplacement(existing, seen.source):
			return r.replaceService(ctx, seen, existing)
		default:
			set, err := r.slicesOf(ctx, seen.key, wanted, existing.UID)
			return existing, set, err
		}
	}
	if wanted != "" {
		service, set, err := r.makeService(ctx, seen, wanted)
		if err == nil && service != nil {
			return service, set, nil
		}
		seen.unmade = err
	}
	for _, existing := range seen.leaderServices {
		if seen.ownership(existing) == leaderservice.Ours {
			set, err := r.slicesOf(ctx, seen.key, existing.Name, existing.UID)
			return existing, set, err
		}
	}
	return nil, nil, seen.unmade
}

// makeService creates the leader Service unless somebody else has its name or the name of one of its slices; then it
// reports that and returns nil.
func (r *Reconciler) makeService(ctx context.Context, seen *observation, name string) (*corev1.Service, *sliceSet, error) {
	conflict, set, err := r.conflictFor(ctx, seen, name)
	if err != nil {
		return nil, nil, err
	}
	if conflict != nil {
		r.reportConflict(seen, conflict)
		return nil, nil, nil
	}
	wanted, err := r.newService(ctx, seen, name, set)
	if err != nil {
		return nil, nil, err
	}
	created, err := r.createService(ctx, seen, wanted)
	if errors.Is(err, errNameTaken) {
		r.reportConflict(seen, wanted)
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if r.writes.takeVanished(seen.key, kindName("Service", name), seen.source.UID) {
		r.reportReverted(seen, edit{object: created, deleted: true})
	}
	return created, set, nil
}

// conflictFor finds somebody else's object that has a name we need to make a leader Service; nil if there is none.
func (r *Reconciler) conflictFor(ctx context.Context, seen *observation, name string) (client.Object, *sliceSet, error) {
	existing := &corev1.Service{}
	err := r.cache.Get(ctx, types.NamespacedName{Namespace: seen.key.Namespace, Name: name}, existing)
	if err == nil {
		return existing, nil, nil
	}
	set, err := r.slicesOf(ctx, seen.key, name, "")
	if err != nil {
		return nil, nil, err
	}
	for _, addressType := range leaderservice.AddressTypes(seen.source.Spec.IPFamilies) {
		if set.taken[addressType] {
			return &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{
				Namespace: seen.key.Namespace, Name: contract.SliceName(name, addressType),
			}}, nil, nil
		}
	}
	return nil, set, nil
}

// replaceService deletes the leader Service and makes it again at once, keeping the record.
func (r *Reconciler) replaceService(ctx context.Context, seen *observation, existing *corev1.Service) (*corev1.Service, *sliceSet, error) {
	set, err := r.slicesOf(ctx, seen.key, existing.Name, existing.UID)
	if err != nil {
		return nil, nil, err
	}
	wanted, err := r.newService(ctx, seen, existing.Name, set)
	if err != nil {
		return nil, nil, err
	}
	if err := r.remove(ctx, "Service", existing); err != nil {
		return nil, nil, err
	}
	created, err := r.createService(ctx, seen, wanted)
	return created, set, err
}

// newService is a leader Service to be created, with the record where there is one: the slice that holds it may be
// collected as garbage of the former Service before it has been taken over. Where there has been a leader Service before, the slice is read
// afresh: another replica may have gone on from what the caches show.
func (r *Reconciler) newService(ctx context.Context, seen *observation, name string, set *sliceSet) (*corev1.Service, error) {
	service := leaderservice.NewService(seen.source, name)
	families := leaderservice.AddressTypes(service.Spec.IPFamilies)
	if r.counts.remembers(seen.key) {
		fresh, err := r.freshSlices(ctx, seen.key, service, families[:1])
		if err != nil {
			return nil, err
		}
		behind, err := r.isBehind(ctx, seen, name, fresh)
		if err != nil {
			return nil, err
		}
		if behind {
			return nil, errStale
		}
		set = fresh
	}
	if record := r.recordOf(ctx, seen, service, set.primary(families[0])); record.Epoch > 0 {
		service, _ = leaderservice.UpdatedService(service, seen.source, record, false)
	}
	return service, nil
}

// route writes the slices, the primary one first: nothing comes before moving the traffic. If that one cannot be written
// because somebody else has its name, nothing has moved.
func (r *Reconciler) route(ctx context.Context, p *pass) error {
	p.route.Trigger = r.triggers.take(p.seen.source, p.seen.key, p.seen.pods)
	wanted := wantedAddressTypes(p.leaderService, p.seen.source)
	primary := p.slices.ours[wanted[0]]
	p.wasReady = leaderservice.HasReadyEndpoint(primary)
	for i, addressType := range wanted {
		stands, err := r.writeSlice(ctx, p, addressType)
		if err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		if !stands {
			p.blocked, p.after = true, p.before
			return nil
		}
		r.routed(p, primary == nil)
	}
	for addressType, existing := range p.slices.ours {
		if !slices.Contains(wanted, addressType) {
			if err := r.remove(ctx, "EndpointSlice", existing); err != nil {
				return err
			}
		}
	}
	r.triggers.written(p.seen.key)
	return nil
}

// routed notes what the primary slice now says, and how long that took.
func (r *Reconciler) routed(p *pass, created bool) {
	p.created, p.isReady = created, p.leader != nil && p.decision.Conditions.Ready
	if !p.arrived.IsZero() {
		p.took = r.clock.Now().Sub(p.arrived)
	}
}

// wantedAddressTypes are the families of the leader Service, the primary one first, and those it is about to get.
func wantedAddressTypes(leaderService, source *corev1.Service) []discoveryv1.AddressType {
	wanted := leaderservice.AddressTypes(leaderService.Spec.IPFamilies)
	for _, addressType := range leaderservice.AddressTypes(source.Spec.IPFamilies) {
		if !slices.Contains(wanted, addressType) {
			wanted = append(wanted, addressType)
		}
	}
	return wanted
}

// untracked has the API server keep no account of who has set which field of an object, until somebody applies something to it. That
// account is a good part of what a write costs the API server. Source: the API's documentation of server-side apply, "Clearing managedFields".
var untracked = []metav1.ManagedFieldsEntry{{}}

// writeSlice creates or updates the slice of an address type, if it is not as it should be, and says whether it stands.
func (r *Reconciler) writeSlice(ctx context.Context, p *pass, addressType discoveryv1.AddressType) (bool, error) {
	name := contract.SliceName(p.leaderService.Name, addressType)
	existing := p.slices.ours[addressType]
	switch {
	case p.slices.taken[addressType]:
		p.taken = append(p.taken, name)
		return false, nil
	case existing == nil:
		return r.makeSlice(ctx, p, name, addressType)
	case existing.AddressType != addressType: // it cannot be changed; somebody has made the slice anew
		if err := r.remove(ctx, "EndpointSlice", existing); err != nil {
			return false, err
		}
		return r.makeSlice(ctx, p, name, addressType)
	}
	r.writes.takeVanished(p.seen.key, kindName("EndpointSlice", name), p.leaderService.UID) // it only lost its label, or is back
	if r.writes.stale(existing) {
		return false, errStale
	}
	updated, differs := leaderservice.UpdatedSlice(existing, p.route)
	if !differs {
		return true, nil
	}
	if len(existing.ManagedFields) == 0 { // as nearly always: nobody else has set anything
		updated.ManagedFields = untracked
	}
	if err := r.update(ctx, "EndpointSlice", updated); err != nil {
		return false, err
	}
	if updated.ResourceVersion == existing.ResourceVersion {
		return true, nil // an admission policy has put back all that was to change: nothing has moved, and no watch will tell
	}
	p.moved = true
	r.writes.decided(updated, p.trusted)
	r.counts.recorded(p.after, updated.ResourceVersion, p.seen.key)
	written := leaderservice.WrittenRecord(existing)
	if leaderservice.SliceEdited(existing) || written.Epoch < p.before.Epoch || written.LeaderUID != p.before.LeaderUID { // or put back from a backup
		p.reverted = append(p.reverted, edit{object: updated})
	}
	return true, nil
}

func (r *Reconciler) makeSlice(ctx context.Context, p *pass, name string, addressType discoveryv1.AddressType) (bool, error) {
	if p.leaderService.DeletionTimestamp != nil {
		p.going = true
		return false, nil // nothing is made for a Service that is going
	}
	if r.writes.stale(p.leaderService) { // its copy of the record may be all that is left of it
		return false, errStale
	}
	if p.before.Epoch > 0 && r.leavesToOthers(p.seen) {
		return false, errStale
	}
	if r.writes.onItsWay(types.NamespacedName{Namespace: p.seen.key.Namespace, Name: name}, p.now) {
		return false, errStale
	}
	slice := leaderservice.NewSlice(p.route, addressType)
	r.writes.creating(slice, p.now)
	err := r.createSlice(ctx, p.seen.key, p.leaderService, slice)
	if err != nil {
		r.writes.notCreated(slice)
	}
	if errors.Is(err, errNameTaken) {
		p.taken = append(p.taken, name)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	p.moved = true
	r.writes.decided(slice, p.trusted)
	r.counts.recorded(p.after, slice.ResourceVersion, p.seen.key)
	if r.writes.takeVanished(p.seen.key, kindName("EndpointSlice", name), p.leaderService.UID) {
		p.reverted = append(p.reverted, edit{object: slice, deleted: true})
	}
	return true, nil
}

// kindName identifies an object within its namespace.
func kindName(kind, name string) string {
	return fmt.Sprintf("%s %s", kind, name)
}
