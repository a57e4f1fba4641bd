package chaos

import (
	"fmt"
	"slices"
	"strings"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/zen-lead/zen-lead/test/controlplane"
)

// audit reads from the API server's log how many writes the operator asked for, and which of them were none of its business.
func (w *world) audit() (writes int, wrong []string, err error) {
	events, err := controlplane.ReadAudit(w.plane.AuditLog, operatorUser, "")
	for i := range events {
		object := events[i].ObjectRef
		if object == nil || !slices.Contains(writing, events[i].Verb) || strings.HasSuffix(object.Resource, "reviews") { // those are questions
			continue
		}
		writes++
		if !ours(object) {
			wrong = append(wrong, fmt.Sprintf("the operator asked to %s %s %s/%s %s", events[i].Verb, object.Resource,
				object.Namespace, object.Name, object.Subresource))
		}
	}
	return writes, wrong, err
}

// isSliceName is whether a slice has one of the names that a leader Service's have.
func isSliceName(name string) bool {
	return strings.HasSuffix(name, "-leader-ipv4") || strings.HasSuffix(name, "-leader-ipv6")
}

// writing are the verbs that change something.
var writing = []string{"create", "update", "patch", "delete", "deletecollection"}

// ours is whether the operator may write an object, by contract 2, 4 and 6. The names of objects that are made are not in the log.
func ours(object *auditv1.ObjectReference) bool {
	if object.Subresource != "" {
		return false
	}
	switch object.Resource {
	case "services":
		return object.Namespace == namespace && (object.Name == "" || strings.HasSuffix(object.Name, "-leader"))
	case "endpointslices":
		return object.Namespace == namespace && (object.Name == "" || isSliceName(object.Name))
	case "events":
		return object.APIGroup == "events.k8s.io"
	case "leases":
		return object.Namespace == leaseNamespace && (object.Name == "" || object.Name == "zen-lead")
	}
	return false
}
