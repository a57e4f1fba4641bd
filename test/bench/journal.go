package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
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
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	var written journal
	for line := range bytes.Lines(content) {
		if !bytes.Contains(line, []byte(user)) || !bytes.HasSuffix(line, []byte("\n")) {
			continue
		}
		var event auditv1.Event
		if err := json.Unmarshal(line, &event); err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		if event.User.Username == user && event.Stage == auditv1.StageResponseComplete && event.ObjectRef != nil &&
			isWrite(event.Verb+" "+event.ObjectRef.Resource) {
			written = append(written, entry{event.RequestReceivedTimestamp.Time, event.ObjectRef.Resource})
		}
	}
	slices.SortStableFunc(written, func(a, b entry) int { return a.at.Compare(b.at) })
	return written, nil
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
