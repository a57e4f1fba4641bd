package chaos

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
)

// maxAuditLine is in bytes; a line has no objects in it.
const maxAuditLine = 1 << 20

// audit reads from the API server's log how many writes the operator asked for, and which of them were none of its business.
func (w *world) audit() (writes int, wrong []string, err error) {
	logs, err := filepath.Glob(strings.TrimSuffix(w.plane.AuditLog, ".log") + "*.log") // large ones are put aside
	if err != nil {
		return 0, nil, err
	}
	for _, path := range logs {
		file, err := os.Open(path)
		if err != nil {
			return 0, nil, err
		}
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, maxAuditLine)
		for lines.Scan() {
			var event auditv1.Event
			if json.Unmarshal(lines.Bytes(), &event) != nil {
				continue // the API server was killed while it wrote it
			}
			if !strings.HasSuffix(event.User.Username, operatorUser) || event.ObjectRef == nil || !slices.Contains(writing, event.Verb) {
				continue
			}
			writes++
			if !ours(event.ObjectRef) {
				wrong = append(wrong, fmt.Sprintf("the operator asked to %s %s %s/%s %s", event.Verb, event.ObjectRef.Resource,
					event.ObjectRef.Namespace, event.ObjectRef.Name, event.ObjectRef.Subresource))
			}
		}
		err = lines.Err()
		_ = file.Close()
		if err != nil {
			return 0, nil, fmt.Errorf("reading %s: %w", path, err)
		}
	}
	return writes, wrong, nil
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
		return object.Namespace == namespace && (object.Name == "" || strings.HasSuffix(object.Name, "-leader-ipv4"))
	case "events":
		return object.APIGroup == "events.k8s.io"
	case "leases":
		return object.Namespace == leaseNamespace && (object.Name == "" || object.Name == "zen-lead")
	}
	return false
}
