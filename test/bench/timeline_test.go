package bench

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/zen-lead/zen-lead/test/bench/results"
)

// write is a request that arrived and was done so many milliseconds after the beginning of time.
func write(verb, resource, name string, received, done int) auditv1.Event {
	return auditv1.Event{
		Stage: auditv1.StageResponseComplete, Verb: verb,
		ObjectRef:                &auditv1.ObjectReference{Namespace: namespaceOf(0), Resource: resource, Name: name},
		RequestReceivedTimestamp: metav1.NewMicroTime(after(received)), StageTimestamp: metav1.NewMicroTime(after(done)),
	}
}

func TestATimelineTellsWhoseWriteWasWhen(t *testing.T) {
	m := newMember(1)
	m.pods = [podsPerService]pod{{name: "app-1-a"}, {name: "app-1-b"}}
	f := &failover{member: m, place: 0, struck: after(100)}
	log := filepath.Join(t.TempDir(), "audit.log")
	var lines []byte
	for _, event := range []auditv1.Event{
		write("update", "endpointslices", "app-1-leader-ipv4", 10, 20), // of a failover before
		write("update", "endpointslices", "app-11-x7k2p", 102, 103),    // of another Service
		write("get", "endpoints", "app-1", 102, 103),
		write("update", "endpoints", "app-1", 105, 108),
		write("update", "endpointslices", "app-1-x7k2p", 104, 107),
		write("update", "endpointslices", "app-1-leader-ipv4", 103, 106),
		write("patch", "pods", "app-1-a", 101, 102),
		write("update", "endpointslices", "app-1-leader-ipv4", 120, 130), // of the next one
	} {
		line, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(append(lines, line...), '\n')
	}
	if err := os.WriteFile(log, lines, 0o600); err != nil {
		t.Fatal(err)
	}
	requests, err := readChanges(log)
	if err != nil {
		t.Fatal(err)
	}
	figures, err := timelineFigures([]*failover{f}, requests)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{1, 2, 3, 6, 4, 7, 5, 8} {
		if figures[i].Value != want || figures[i].Unit != results.UnitMilliseconds {
			t.Errorf("%s: %v, want %v ms", figures[i].Name, figures[i], want)
		}
	}
	f.struck = after(125)
	if _, err := timelineFigures([]*failover{f}, requests); err == nil {
		t.Error("a failover without requests has a timeline")
	}
}
