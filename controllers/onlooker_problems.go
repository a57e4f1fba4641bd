package controllers

import (
	"context"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// Reasons of problems that nobody is told of in an Event, because it is for the operator to end them.
const (
	// ProblemPending: what is there is not what the operator would have there. It is about to, or there is none at work.
	ProblemPending = "Pending"
)

// Problem keeps a leader Service from being what it is meant to be.
type Problem struct {
	// Reason is that of the Event which tells of it, or ProblemPending.
	Reason string
	// Note says what is the matter.
	Note string
}

// findProblems finds what the operator tells of in Warnings for as long as it lasts, in its words, and what it has yet to do.
func (v *View) findProblems(ctx context.Context, seen *observation) error {
	for _, invalid := range v.Invalid {
		v.addProblem(contract.EventInvalidAnnotation, invalid.String())
	}
	v.addProblem(contract.EventUnsupportedService, seen.unsupported)
	conflict, err := v.conflict(ctx, seen)
	if err != nil {
		return err
	}
	v.addProblem(contract.EventNameConflict, conflict)
	if v.Routable {
		v.findPodProblems()
	}
	v.addProblem(ProblemPending, v.pending(conflict != ""))
	return nil
}

func (v *View) addProblem(reason, note string) {
	if note != "" {
		v.Problems = append(v.Problems, Problem{Reason: reason, Note: note})
	}
}

// conflict tells of somebody else's objects under names that are needed.
func (v *View) conflict(ctx context.Context, seen *observation) (string, error) {
	wanted := v.Policy.LeaderServiceName
	if !v.Routable {
		return "", nil
	}
	if standing := seen.standing(); wanted != "" && (standing == nil || standing.Name != wanted) && !v.isOurs(wanted) {
		object, _, err := v.onlooker.reconciler.conflictFor(ctx, seen, wanted)
		if err != nil || object != nil {
			if object != nil {
				return conflictNote(seen, object.GetName(), kindOf(object)), nil
			}
			return "", err
		}
	}
	if v.LeaderService == nil {
		return "", nil
	}
	p := *v.pass
	for _, addressType := range wantedAddressTypes(v.LeaderService, seen.source) {
		if p.slices.taken[addressType] {
			p.taken = append(p.taken, contract.SliceName(v.LeaderService.Name, addressType))
		}
		p.going = p.going || p.slices.ours[addressType] == nil && v.LeaderService.DeletionTimestamp != nil
	}
	return takenNote(&p), nil
}

// isOurs is whether a leader Service of that name was made for the source.
func (v *View) isOurs(name string) bool {
	for _, service := range v.pass.seen.leaderServices {
		if service.Name == name {
			return true
		}
	}
	return false
}

// findPodProblems tells of Pods that cannot lead, and that nobody does.
func (v *View) findPodProblems() {
	missing, pods := unresolvedPorts(v.pass)
	for _, port := range missing {
		v.addProblem(contract.EventPortUnresolved, portNote(port, len(pods)))
	}
	if v.Decision.Leader == nil || !v.Decision.Conditions.Ready {
		v.addProblem(contract.EventNoEligiblePod, nobodyNote(v.pass))
	}
}

// pending says what is not as the operator would have it; empty if nothing is. A conflict keeps it from doing anything about it.
func (v *View) pending(conflict bool) string {
	switch {
	case !v.Routable && v.LeaderService != nil:
		return "The leader Service " + v.LeaderService.Name + " is to be removed, and is still there"
	case !v.Routable || conflict:
		return ""
	case v.LeaderService == nil && v.Policy.LeaderServiceName == "":
		return "" // told as a bad value
	case v.LeaderService == nil:
		return "The leader Service " + v.Policy.LeaderServiceName + " has yet to be made"
	case v.Policy.LeaderServiceName != "" && v.LeaderService.Name != v.Policy.LeaderServiceName:
		return "The leader Service " + v.LeaderService.Name + " has yet to be renamed to " + v.Policy.LeaderServiceName
	case leaderservice.NeedsReplacement(v.LeaderService, v.Source):
		return "The leader Service " + v.LeaderService.Name + " has yet to be made again"
	case misroutes(v.pass) && v.Decision.Leader == nil:
		return "Nobody can lead, and the EndpointSlice has yet to say so"
	case misroutes(v.pass):
		return v.Decision.Leader.Name + " is to lead, and the EndpointSlice has yet to say so"
	}
	return ""
}
