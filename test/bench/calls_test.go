package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestCallsAreCountedByWhatTheyAre(t *testing.T) {
	c := callCount{
		"update endpointslices": 3, "update services": 2, "create events": 4, "patch events": 1, "update leases": 5,
		"get /apis": 1, "list pods": 1, "watch leases": 1, "watch pods": 6,
		"create selfsubjectaccessreviews": 7,
	}
	for what, counted := range map[string][2]float64{
		"all": {c.all(), 31}, "writes": {c.writes(), 5}, "reads": {c.reads(), 15},
		"events": {c.written(resourceEvents), 5}, "leases": {c.written(resourceLeases), 5},
	} {
		if counted[0] != counted[1] {
			t.Errorf("%s: %v instead of %v", what, counted[0], counted[1])
		}
	}
}

func TestWritesAreCountedUntilTheTrafficHasMoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	line := func(user, verb, resource string, milliseconds int) string {
		return fmt.Sprintf(`{"stage":"ResponseComplete","verb":%q,"user":{"username":%q},"objectRef":{"resource":%q},"requestReceivedTimestamp":%q}`+"\n",
			verb, user, resource, after(milliseconds).Format(metav1.RFC3339Micro))
	}
	log := line("us", "update", "endpointslices", -5) + // of before
		line("us", "update", "services", 20) + line("us", "create", "events", 5) + line("us", "update", "endpointslices", 10) +
		line("them", "update", "endpointslices", 1) + line("us", "watch", "pods", 2) +
		line("us", "update", "services", 110) + line("us", "update", "endpointslices", 120) + line("us", "update", "services", 130) +
		`{"stage":"Respons`
	if err := os.WriteFile(path, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := readJournal(path, "us")
	if err != nil {
		t.Fatal(err)
	}
	if got := j.untilMoved([]time.Time{after(0)}); got != 1 {
		t.Errorf("first failover: %d", got)
	}
	if got := j.untilMoved([]time.Time{after(0), after(100)}); got != 3 {
		t.Errorf("both failovers: %d", got)
	}
}
