package contract

// Reason says why the leader changed, or why it was lost.
type Reason string

// Reasons for a change of leader. They appear in annotations, Events, metrics and logs.
const (
	// ReasonElected: there was no leader before, or the last one came back.
	ReasonElected Reason = "Elected"
	// ReasonNotReady: the leader's Ready condition was no longer true.
	ReasonNotReady Reason = "NotReady"
	// ReasonTerminating: the leader was being deleted.
	ReasonTerminating Reason = "Terminating"
	// ReasonDeleted: the leader no longer existed.
	ReasonDeleted Reason = "Deleted"
	// ReasonFinished: the leader had succeeded or failed (evicted Pods fail).
	ReasonFinished Reason = "Finished"
	// ReasonNoAddress: the leader had no address of the leader Service's primary family.
	ReasonNoAddress Reason = "NoAddress"
	// ReasonPortUnresolved: a named target port could not be found on the leader.
	ReasonPortUnresolved Reason = "PortUnresolved"
	// ReasonNotSelected: the Service's selector no longer matched the leader.
	ReasonNotSelected Reason = "NotSelected"
	// ReasonPreferred: the preferred leader took over from a leader that was still eligible.
	ReasonPreferred Reason = "Preferred"
	// ReasonLeaseMoved: the followed Lease changed hands, was released or ran out.
	ReasonLeaseMoved Reason = "LeaseMoved"
	// ReasonReordered: a Pod earlier in the election order took over (only where sticky is false).
	ReasonReordered Reason = "Reordered"
)

// Reasons is every Reason, for documentation and tests.
var Reasons = []Reason{
	ReasonElected, ReasonNotReady, ReasonTerminating, ReasonDeleted, ReasonFinished, ReasonNoAddress, ReasonPortUnresolved,
	ReasonNotSelected, ReasonPreferred, ReasonLeaseMoved, ReasonReordered,
}

// Reasons of the Events on the Service, and on the new leader Pod where there is one.
const (
	EventLeaderElected        = "LeaderElected"
	EventLeaderChanged        = "LeaderChanged"
	EventLeaderServiceDeleted = "LeaderServiceDeleted"
	EventNoEligiblePod        = "NoEligiblePod"
	EventPortUnresolved       = "PortUnresolved"
	EventNameConflict         = "NameConflict"
	EventInvalidAnnotation    = "InvalidAnnotation"
	EventUnsupportedService   = "UnsupportedService"
	EventManualEditReverted   = "ManualEditReverted"
)
