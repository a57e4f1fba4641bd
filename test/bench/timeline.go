package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/bench/results"
)

// stage is one of the writes that a failover consists of.
type stage struct {
	name, resource string
	// isOf is whether a request's object has to do with the failover.
	isOf func(f *failover, object string) bool
}

// stages are in the order in which they are expected. Endpoints are the older API, which the built-in controllers write besides.
var stages = []stage{
	{"the write that makes the leader fail", "pods", func(f *failover, object string) bool { return object == f.member.pods[f.place].name }},
	{"Zen-Lead's write of its slice", resourceSlices, isOurSlice},
	{"the built-in controller's write of its slice", resourceSlices, func(f *failover, object string) bool {
		return !isOurSlice(f, object) && strings.HasPrefix(object, f.member.source.Name+"-")
	}},
	{"the built-in controller's write of its Endpoints", "endpoints", func(f *failover, object string) bool {
		return object == f.member.source.Name
	}},
}

func isOurSlice(f *failover, object string) bool {
	leaderService, ours := contract.LeaderServiceOfSliceName(object)
	return ours && leaderService == f.member.leader().Name
}

// timeline looks at what the API server does in a failover and when: its audit log has every request, of the built-in controllers too.
func (w *world) timeline(ctx context.Context, rounds int) (results.Case, error) {
	var seen times
	var all []*failover
	for range rounds {
		f, err := w.once(ctx, w.members[w.random.IntN(len(w.members))], results.KindReadiness, &seen)
		if err != nil {
			return results.Case{}, err
		}
		all = append(all, f)
	}
	if err := w.rest(ctx); err != nil { // the log is written after the answers
		return results.Case{}, err
	}
	requests, err := readChanges(w.plane.AuditLog)
	if err != nil {
		return results.Case{}, err
	}
	result := seen.result()
	result.Figures, err = timelineFigures(all, requests)
	return result, err
}

// readChanges are all users' requests that change an object.
func readChanges(path string) ([]auditv1.Event, error) {
	return readAudit(path, "", func(e *auditv1.Event) bool { return e.Verb == "update" || e.Verb == "patch" })
}

// timelineFigures are when each stage was begun and done, counted from the failovers' beginnings: medians.
func timelineFigures(all []*failover, requests []auditv1.Event) ([]results.Figure, error) {
	var figures []results.Figure
	for _, of := range stages {
		var received, done []float64
		for _, f := range all {
			request := of.find(f, requests)
			if request == nil {
				return nil, fmt.Errorf("the audit log does not have %s for %s", of.name, f.member.source)
			}
			received = append(received, milliseconds(request.RequestReceivedTimestamp.Sub(f.struck)))
			done = append(done, milliseconds(request.StageTimestamp.Sub(f.struck)))
		}
		figures = append(figures,
			results.Figure{Name: of.name + " arrives at the API server, p50", Value: results.DistributionOf(received).P50, Unit: results.UnitMilliseconds},
			results.Figure{Name: of.name + " is done there, p50", Value: results.DistributionOf(done).P50, Unit: results.UnitMilliseconds})
	}
	return figures, nil
}

// find is the first such request after the failover's beginning. Audit timestamps are cut to microseconds.
func (s stage) find(f *failover, requests []auditv1.Event) *auditv1.Event {
	begun := f.struck.Truncate(time.Microsecond)
	for i := range requests {
		request := &requests[i]
		if !request.RequestReceivedTimestamp.Time.Before(begun) && request.ObjectRef.Resource == s.resource &&
			request.ObjectRef.Namespace == f.member.source.Namespace && s.isOf(f, request.ObjectRef.Name) {
			return request
		}
	}
	return nil
}
