package bench

import (
	"slices"
	"time"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/zen-lead/zen-lead/test/controlplane"
)

// resourceSlices is what moves the traffic when it is written.
const resourceSlices = "endpointslices"

// journal is what a user has written, in the order in which the API server got it, without Events and Leases.
type journal []entry

type entry struct {
	at       time.Time
	resource string
}

// readJournal reads what the API server's audit log has of a user.
func readJournal(path, user string) (journal, error) {
	requests, err := readAudit(path, user, func(e *auditv1.Event) bool { return isWrite(e.Verb + " " + e.ObjectRef.Resource) })
	var written journal
	for i := range requests {
		written = append(written, entry{requests[i].RequestReceivedTimestamp.Time, requests[i].ObjectRef.Resource})
	}
	return written, err
}

// readAudit reads the requests for objects that the API server's audit log has as done and that are wanted, of a user or of everybody, in the
// order in which it got them.
func readAudit(path, user string, wanted func(*auditv1.Event) bool) ([]auditv1.Event, error) {
	requests, err := controlplane.ReadAudit(path, user, "")
	if err != nil {
		return nil, err
	}
	requests = slices.DeleteFunc(requests, func(e auditv1.Event) bool {
		return e.Stage != auditv1.StageResponseComplete || e.ObjectRef == nil || !wanted(&e)
	})
	slices.SortStableFunc(requests, func(a, b auditv1.Event) int {
		return a.RequestReceivedTimestamp.Compare(b.RequestReceivedTimestamp.Time)
	})
	return requests, nil
}

// untilMoved is how many writes there were in all from each failure to the first write of a slice after it, and including that.
func (j journal) untilMoved(failures []time.Time) int {
	total := 0
	for _, failure := range failures {
		for _, written := range j {
			if written.at.Before(failure) {
				continue
			}
			total++
			if written.resource == resourceSlices {
				break
			}
		}
	}
	return total
}
