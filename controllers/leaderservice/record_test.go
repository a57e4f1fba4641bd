package leaderservice_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"pgregory.net/rapid"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// recordSlice is the slice of that record: with an endpoint where the leader is published.
func recordSlice(record leaderservice.Record) *discoveryv1.EndpointSlice {
	if !record.Published {
		return sliceOf(routeTo(nil, record))
	}
	return sliceOf(routeTo(pod(record.LeaderName), record))
}

// editedSlice is a slice that somebody has changed until it says that record.
func editedSlice(record leaderservice.Record) *discoveryv1.EndpointSlice {
	slice, before := recordSlice(record), record
	before.LastSwitch = before.LastSwitch.Add(-time.Minute)
	slice.Annotations[contract.AnnotationApplied] = recordSlice(before).Annotations[contract.AnnotationApplied]
	return slice
}

// editedBeside is the slice of that record after somebody has changed something else.
func editedBeside(record leaderservice.Record) *discoveryv1.EndpointSlice {
	slice := recordSlice(record)
	slice.Labels[contract.LabelSourceService] = "edited"
	return slice
}

func editedService(record leaderservice.Record) *corev1.Service {
	return with(leaderServiceOf(source(), record), label(contract.LabelSourceService, "edited"))
}

// copied is what the leader Service's status keeps of a record: it names nobody who is not published.
func copied(record leaderservice.Record) leaderservice.Record {
	if !record.Published {
		record.LeaderName, record.LeaderUID = "", ""
	}
	return record
}

func TestWhereTheRecordIsReadFrom(t *testing.T) {
	slice, copy := leads("a", 5), leads("b", 4)
	for name, test := range map[string]struct {
		slice   *discoveryv1.EndpointSlice
		service *corev1.Service
		want    leaderservice.Record
	}{
		"nothing is known":                                {nil, nil, leaderservice.Record{}},
		"an intact slice":                                 {recordSlice(slice), nil, slice},
		"an intact slice without endpoint":                {recordSlice(lost("a", 5)), nil, lost("a", 5)},
		"an intact slice of a new leader Service":         {recordSlice(slice), leaderservice.NewService(source(), "db-leader"), slice},
		"an intact slice before its copy":                 {recordSlice(slice), leaderServiceOf(source(), copy), slice},
		"an intact slice before an edited copy":           {recordSlice(slice), editedService(leads("b", 9)), slice},
		"an edited slice: the copy":                       {editedSlice(leads("x", 3)), leaderServiceOf(source(), copy), copy},
		"an edited slice: the copy, of nobody":            {editedSlice(leads("x", 3)), leaderServiceOf(source(), lost("b", 4)), copied(lost("b", 4))},
		"an edited slice, the copy is not written yet":    {editedSlice(slice), leaderservice.NewService(source(), "db-leader"), slice},
		"an edited slice, the copy is edited too":         {editedSlice(slice), editedService(copy), slice},
		"an edited slice, the leader Service is gone":     {editedSlice(slice), nil, slice},
		"edited beside the record, before its copy":       {editedBeside(slice), leaderServiceOf(source(), copy), slice},
		"edited beside the record, of nobody":             {editedBeside(lost("a", 5)), leaderServiceOf(source(), copy), lost("a", 5)},
		"edited beside the record, not ready":             {editedBeside(notReady("a", 5)), leaderServiceOf(source(), copy), notReady("a", 5)},
		"edited beside the record, with its copy":         {editedBeside(slice), leaderServiceOf(source(), slice), slice},
		"edited beside the record, an edited copy":        {editedBeside(slice), editedService(leads("b", 9)), slice},
		"edited beside a record from a backup: the copy":  {editedBeside(leads("x", 3)), leaderServiceOf(source(), copy), copy},
		"an endpoint added where nobody leads":            {withEndpoint(recordSlice(lost("a", 5))), leaderServiceOf(source(), copy), lost("a", 5)},
		"no slice: the copy":                              {nil, leaderServiceOf(source(), copy), copy},
		"no slice: the copy, of nobody":                   {nil, leaderServiceOf(source(), lost("b", 4)), copied(lost("b", 4))},
		"no slice: the copy, though it is edited":         {nil, editedService(copy), copy},
		"no slice, and a new leader Service":              {nil, leaderservice.NewService(source(), "db-leader"), leaderservice.Record{}},
		"nobody ever led":                                 {recordSlice(leaderservice.Record{}), leaderServiceOf(source(), leaderservice.Record{}), leaderservice.Record{}},
		"a slice that lost its endpoint to an edit alone": {withoutEndpoint(recordSlice(slice)), nil, slice},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, "record", test.want, recordOf(test.slice, test.service))
		})
	}
}

func withEndpoint(slice *discoveryv1.EndpointSlice) *discoveryv1.EndpointSlice {
	slice.Endpoints = sliceOf(routeTo(pod("b"), leads("b", 5))).Endpoints
	return slice
}

func notReady(name string, epoch int64) leaderservice.Record {
	record := leads(name, epoch)
	record.NotReady = true
	return record
}

func withoutEndpoint(slice *discoveryv1.EndpointSlice) *discoveryv1.EndpointSlice {
	slice.Endpoints, slice.Ports = nil, nil
	return slice
}

func TestALeaderThatWasPutBackFromABackupIsNotBelieved(t *testing.T) {
	copy := leads("b", 7)
	same(t, "record", copy, recordOf(recordSlice(leads("a", 3)), leaderServiceOf(source(), copy)))
}

func TestASliceThatHasLostItsFingerprintAloneIsBelieved(t *testing.T) {
	slice := recordSlice(leads("a", 5))
	delete(slice.Annotations, contract.AnnotationApplied)
	same(t, "record", leads("a", 5), recordOf(slice, leaderServiceOf(source(), leads("b", 4))))
}

func TestTheEpochIsNeverBelowThatOfAnIntactCopy(t *testing.T) {
	copy := leaderServiceOf(source(), leads("b", 7))
	for name, slice := range map[string]*discoveryv1.EndpointSlice{
		"an intact slice from a backup": recordSlice(leads("a", 3)), "an edited slice": editedSlice(leads("a", 3)), "no slice": nil,
	} {
		t.Run(name, func(t *testing.T) {
			if got := recordOf(slice, copy); got.Epoch != 7 {
				t.Errorf("epoch %d", got.Epoch)
			}
		})
	}
	if got := recordOf(recordSlice(leads("a", 3)), editedService(leads("b", 7))); got.Epoch != 3 {
		t.Errorf("an edited copy gives the epoch %d", got.Epoch)
	}
}

func TestTheRecordAsItWasWritten(t *testing.T) {
	for name, test := range map[string]struct {
		slice *discoveryv1.EndpointSlice
		want  leaderservice.Record
	}{
		"intact":                   {recordSlice(leads("a", 5)), leads("a", 5)},
		"intact, of nobody":        {recordSlice(lost("a", 5)), lost("a", 5)},
		"edited beside the record": {withoutEndpoint(recordSlice(leads("a", 5))), leads("a", 5)},
		"edited":                   {editedSlice(leads("a", 5)), leaderservice.Record{}},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, "record", test.want, leaderservice.WrittenRecord(test.slice))
		})
	}
}

func TestWhatDoesNotParseCountsAsAbsent(t *testing.T) {
	for name, test := range map[string]struct {
		key, value string
		want       func(*leaderservice.Record)
	}{
		"epoch: no number":        {contract.AnnotationLeaderEpoch, "many", func(r *leaderservice.Record) { r.Epoch = 0 }},
		"epoch: negative":         {contract.AnnotationLeaderEpoch, "-1", func(r *leaderservice.Record) { r.Epoch = 0 }},
		"epoch: beyond 64 bits":   {contract.AnnotationLeaderEpoch, "9223372036854775808", func(r *leaderservice.Record) { r.Epoch = 0 }},
		"switch time: no time":    {contract.AnnotationLeaderLastSwitchTime, "noon", func(r *leaderservice.Record) { r.LastSwitch = time.Time{} }},
		"reason: none that is":    {contract.AnnotationLeaderReason, "Mutiny", func(r *leaderservice.Record) { r.Reason = "" }},
		"UID: without, no leader": {contract.AnnotationLeaderPodUID, "", func(r *leaderservice.Record) { r.LeaderUID, r.Published = "", false }},
	} {
		t.Run(name, func(t *testing.T) {
			slice := recordSlice(leads("a", 5))
			slice.Annotations[test.key] = test.value
			want := leads("a", 5)
			test.want(&want)
			same(t, "record", want, recordOf(slice, nil))
		})
	}
}

func TestARecordSurvivesTheSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record := leads("a", rapid.Int64Range(1, 1<<53-1).Draw(t, "epoch"))
		record.Published = rapid.Bool().Draw(t, "published")
		record.Reason = rapid.SampledFrom(contract.Reasons).Draw(t, "reason")
		micros := rapid.Int64Range(0, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()).Draw(t, "microseconds")
		record.LastSwitch = time.UnixMicro(micros).UTC()
		if got := recordOf(recordSlice(record), nil); got != record {
			t.Fatalf("\n got %+v\nwant %+v", got, record)
		}
		if got := recordOf(nil, leaderServiceOf(source(), record)); record.Published && got != record {
			t.Fatalf("from the copy\n got %+v\nwant %+v", got, record)
		}
	})
}

func TestAdvance(t *testing.T) {
	later := switchTime.Add(time.Minute)
	elected := election.Decision{
		Outcome: election.OutcomeChanged, Leader: &election.Pod{Name: "b", UID: "uid-b"}, Reason: contract.ReasonTerminating,
	}
	none := election.Decision{Outcome: election.OutcomeNone, Reason: contract.ReasonNotReady}
	b := leaderservice.Record{LeaderName: "b", LeaderUID: "uid-b", LastSwitch: later, Reason: contract.ReasonTerminating, Published: true}
	kept := func(ready bool) election.Decision {
		return election.Decision{
			Outcome: election.OutcomeKept, Leader: &election.Pod{Name: "a"}, Conditions: election.Conditions{Ready: ready},
		}
	}
	notReady := leads("a", 5)
	notReady.NotReady = true
	withEpoch := func(epoch int64) leaderservice.Record { b := b; b.Epoch = epoch; return b }
	lostLater := lost("a", 5)
	lostLater.LastSwitch = later
	for name, test := range map[string]struct {
		before   leaderservice.Record
		decision election.Decision
		want     leaderservice.Record
	}{
		"the first leader":                  {leaderservice.Record{}, elected, withEpoch(1)},
		"the next leader":                   {leads("a", 5), elected, withEpoch(6)},
		"the same leader, come back":        {lost("b", 5), elected, withEpoch(6)},
		"a leader kept":                     {leads("a", 5), kept(true), leads("a", 5)},
		"a leader kept, not ready":          {leads("a", 5), kept(false), notReady},
		"a leader ready again":              {notReady, kept(true), leads("a", 5)},
		"a leader lost that was not ready":  {notReady, none, lostLater},
		"a leader lost keeps the epoch":     {leads("a", 5), none, lostLater},
		"a loss counts once":                {lost("a", 5), none, lost("a", 5)},
		"nobody, and nobody ever":           {leaderservice.Record{}, none, leaderservice.Record{}},
		"nobody, with an epoch from a copy": {leaderservice.Record{Epoch: 5}, none, leaderservice.Record{Epoch: 5}},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, "record", test.want, test.before.Advance(test.decision, later))
		})
	}
}

func TestTheRecordsLeader(t *testing.T) {
	same(t, "nobody ever", nil, leaderservice.Record{Epoch: 3}.Leader())
	same(t, "published", &election.Leader{Name: "a", UID: "uid-a", Published: true, Reason: contract.ReasonElected}, leads("a", 1).Leader())
	same(t, "lost", &election.Leader{Name: "a", UID: "uid-a", Reason: contract.ReasonNotReady}, lost("a", 1).Leader())
}

// recordOf leaves out whether the record is certain.
func recordOf(slice *discoveryv1.EndpointSlice, service *corev1.Service) leaderservice.Record {
	record, _ := leaderservice.RecordOf(slice, service, nil)
	return record
}
