package rights

import "strings"

// Scope is where a right holds.
type Scope string

const (
	// Watched is each namespace that the operator watches.
	Watched Scope = "watched"
	// System is the namespace of the Lease of the operator's replicas.
	System Scope = "system"
	// ClusterWide is the cluster as a whole.
	ClusterWide Scope = ""
)

// Right is what may be done to resources of a kind.
type Right struct {
	Scope Scope
	// Group is the API group, Resource the resource in it, with its subresource where there is one.
	Group, Resource string
	// Name is of the only object that it holds for; empty for all.
	Name string
	// Verbs are in alphabetical order.
	Verbs []string
	// For says what it is for.
	For string
	// Unused is whether the operator does without: it never asks for it.
	Unused bool
}

// The groups of the API.
const (
	groupCore           = ""
	groupDiscovery      = "discovery.k8s.io"
	groupCoordination   = "coordination.k8s.io"
	groupEvents         = "events.k8s.io"
	groupAuthentication = "authentication.k8s.io"
	groupAuthorization  = "authorization.k8s.io"
)

var (
	toRead  = []string{"get"}
	toWatch = []string{"list", "watch"}
)

// All are the rights of the operator. Section 6 of the contract has the same list.
func All() []Right {
	return []Right{
		{Watched, groupCore, "pods", "", toWatch, "Who can lead.", false},
		{Watched, groupCore, "pods", "", toRead,
			"Whether a leader that the selector does not match, or that is gone, still exists, before another replica is overruled.", false},
		{Watched, groupCore, "services", "", toWatch, "Which Services are opted in, and their leader Services.", false},
		{Watched, groupCore, "services", "", toRead, "To read afresh what another replica may have written, before it is overruled.", false},
		{Watched, groupCore, "services", "", []string{"create"}, "To make leader Services.", false},
		{Watched, groupCore, "services", "", []string{"update"}, "To keep leader Services as they should be, and to write on them who leads.", false},
		{Watched, groupCore, "services", "", []string{"delete"}, "To remove the leader Service of a Service that opts out, and to rename one.", false},
		{Watched, groupCore, "services", "", []string{"patch"}, "Nothing: leader Services are written whole, on the condition that nobody else has.", true},
		{Watched, groupDiscovery, "endpointslices", "", toWatch, "Where leader Services route to, and who else routes for them.", false},
		{Watched, groupDiscovery, "endpointslices", "", toRead, "To read afresh what another replica may have written, before it is overruled.", false},
		{Watched, groupDiscovery, "endpointslices", "", []string{"create"}, "To make the slices of leader Services.", false},
		{Watched, groupDiscovery, "endpointslices", "", []string{"update"}, "To move the traffic.", false},
		{Watched, groupDiscovery, "endpointslices", "", []string{"delete"}, "To remove the slices of a leader Service that goes.", false},
		{Watched, groupDiscovery, "endpointslices", "", []string{"patch"}, "Nothing: slices are written whole, on the condition that nobody else has.", true},
		{Watched, groupDiscovery, "endpointslices/restricted", "", []string{"create"},
			"OpenShift's: it refuses addresses of the cluster network in slices of those who lack it. Nothing on other clusters.", true},
		{Watched, groupCoordination, "leases", "", toWatch, "Who holds the Lease of `zen-lead.io/follow-lease`.", false},
		{Watched, groupCoordination, "leases", "", toRead, "To read that Lease afresh, before another replica is overruled.", false},
		{Watched, groupEvents, "events", "", []string{"create"}, "To tell of changes of leader and of problems.", false},
		{Watched, groupEvents, "events", "", []string{"patch"}, "To count up an Event that occurs again.", false},
		{System, groupCoordination, "leases", "", []string{"create"},
			"To make the Lease of the replicas. What does not exist has no name that RBAC could look at.", false},
		{System, groupCoordination, "leases", "zen-lead", []string{"get", "update"},
			"To agree on the replica that acts first. By its name, because OLM grants this in every watched namespace too.", false},
		{ClusterWide, groupAuthentication, "tokenreviews", "", []string{"create"}, "Whose token somebody shows who wants to read the metrics.", false},
		{ClusterWide, groupAuthorization, "subjectaccessreviews", "", []string{"create"}, "Whether he may read them.", false},
	}
}

// Describe is one verb of the right as people write it: "list pods", "update leases.coordination.k8s.io zen-lead".
func (r Right) Describe(verb string) string {
	text := strings.TrimSuffix(verb+" "+r.Resource+"."+r.Group, ".")
	return strings.TrimSpace(text + " " + r.Name)
}
