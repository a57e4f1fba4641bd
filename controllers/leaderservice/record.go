package leaderservice

import (
	"math"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
)

// timeFormat is RFC 3339 with microseconds.
const timeFormat = "2006-01-02T15:04:05.000000Z07:00"

// maxEpoch is what epochs stay below that are believed although they do not stand as they were written: what a JSON number holds exactly. Nobody
// gets there by failing over.
const maxEpoch = 1 << 53

// Record is what is known of the leader: who, since when, why, and the how many-th. It is kept on the EndpointSlice, so
// that a restart of the operator changes nothing.
type Record struct {
	LeaderName string
	LeaderUID  types.UID
	// Epoch counts the leaders elected so far; 0 before the first.
	Epoch int64
	// LastSwitch is when the leader was elected, or lost if it is not Published; zero before the first election.
	LastSwitch time.Time
	// Reason is why the leader last changed or was lost; empty before the first election.
	Reason contract.Reason
	// Published is whether the slice has an endpoint for the leader.
	Published bool
	// NotReady is whether that endpoint is not ready. It stands on the endpoint alone.
	NotReady bool
}

// Leader is the record's leader as the election wants it; nil if there never was one.
func (r Record) Leader() *election.Leader {
	if r.LeaderUID == "" {
		return nil
	}
	return &election.Leader{Name: r.LeaderName, UID: r.LeaderUID, Published: r.Published, NotReady: r.NotReady, Reason: r.Reason}
}

// Advance is the record after a decision made at now. Losing a leader keeps the epoch, electing one raises it by one:
// whoever led before, a leader's term never shares its number with another's.
func (r Record) Advance(decision election.Decision, now time.Time) Record {
	switch decision.Outcome {
	case election.OutcomeChanged:
		return Record{
			LeaderName: decision.Leader.Name, LeaderUID: decision.Leader.UID, Published: true,
			Epoch: r.NextEpoch(), LastSwitch: now, Reason: decision.Reason,
		}
	case election.OutcomeKept:
		r.NotReady = !decision.Conditions.Ready
	case election.OutcomeNone:
		if r.Published {
			r.Published, r.NotReady, r.LastSwitch, r.Reason = false, false, now, decision.Reason
		}
	}
	return r
}

// NextEpoch is the next leader's. An epoch that somebody has raised as far as it can be counted stays there rather than go back.
func (r Record) NextEpoch() int64 {
	if r.Epoch == math.MaxInt64 {
		return r.Epoch
	}
	return r.Epoch + 1
}

// recordKeys are the annotations that hold the record.
var recordKeys = []string{
	contract.AnnotationLeaderPodName, contract.AnnotationLeaderPodUID, contract.AnnotationLeaderLastSwitchTime,
	contract.AnnotationLeaderEpoch, contract.AnnotationLeaderReason,
}

// annotations is the record as annotations of a slice: without endpoint they name the last leader.
func (r Record) annotations() map[string]string {
	annotations := map[string]string{contract.AnnotationLeaderEpoch: strconv.FormatInt(r.Epoch, 10)}
	if r.LeaderUID != "" {
		annotations[contract.AnnotationLeaderPodName] = r.LeaderName
		annotations[contract.AnnotationLeaderPodUID] = string(r.LeaderUID)
		annotations[contract.AnnotationLeaderLastSwitchTime] = r.LastSwitch.UTC().Format(timeFormat)
		annotations[contract.AnnotationLeaderReason] = string(r.Reason)
	}
	return annotations
}

// statusAnnotations is the record for people, as annotations of the leader Service: without endpoint they name nobody.
func (r Record) statusAnnotations() map[string]string {
	annotations := r.annotations()
	if !r.Published {
		delete(annotations, contract.AnnotationLeaderPodName)
		delete(annotations, contract.AnnotationLeaderPodUID)
	}
	return annotations
}

// parseRecord reads a record back. What does not parse counts as absent: these annotations are the operator's own.
func parseRecord(annotations map[string]string, published bool) Record {
	record := Record{}
	name, uid := annotations[contract.AnnotationLeaderPodName], annotations[contract.AnnotationLeaderPodUID]
	if couldBePod(name, uid) {
		record.LeaderName, record.LeaderUID = name, types.UID(uid)
	}
	if reason := contract.Reason(annotations[contract.AnnotationLeaderReason]); slices.Contains(contract.Reasons, reason) {
		record.Reason = reason
	}
	record.Epoch = parseEpoch(annotations)
	if at, err := time.Parse(time.RFC3339Nano, annotations[contract.AnnotationLeaderLastSwitchTime]); err == nil {
		record.LastSwitch = at
	}
	record.Published = published && record.LeaderUID != ""
	return record
}

// parseEpoch reads an epoch back; 0 if there is none.
func parseEpoch(annotations map[string]string) int64 {
	epoch, err := strconv.ParseInt(annotations[contract.AnnotationLeaderEpoch], 10, 64)
	if err != nil {
		return 0
	}
	return max(0, epoch)
}

// couldBePod is whether a Pod can have this name and UID; either may be missing. They are written again, logged and told in Events: whatever
// somebody else has typed in their place is not to get that far.
func couldBePod(name, uid string) bool {
	return (name == "" || len(validation.IsDNS1123Subdomain(name)) == 0) && (uid == "" || len(validation.IsDNS1123Subdomain(uid)) == 0)
}

// plausible is a record that does not stand as it was written, without an epoch if that cannot be.
func plausible(record Record) Record {
	if record.Epoch >= maxEpoch {
		record.Epoch = 0
	}
	return record
}
