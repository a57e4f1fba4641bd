package plugin

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/cli-runtime/pkg/printers"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
)

var now = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// rendering is a plugin whose output is looked at.
func rendering() (*cli, *bytes.Buffer) {
	out := &bytes.Buffer{}
	return newCLI(genericiooptions.IOStreams{Out: out, ErrOut: out}, Version{}, clocktesting.NewFakeClock(now)), out
}

func ago(d time.Duration) *metav1.MicroTime { return &metav1.MicroTime{Time: now.Add(-d)} }

// reports are one that is well, one that nobody leads, one that is led by a Pod which is not ready, and one that was deleted.
func reports() []*report {
	return []*report{
		{
			Namespace: "team-a", Service: "db", LeaderService: "db-leader", ClusterIP: "10.96.0.7", Since: ago(3 * time.Hour), Epoch: 4, Reason: "Terminating",
			Candidates: 2, Pods: 3, Leader: &leader{Pod: "db-1", Node: "node-b", Address: "10.1.0.4", Ready: true},
		},
		{
			Namespace: "team-a", Service: "queue", LeaderService: "queue-leader", ClusterIP: "10.96.0.8", Since: ago(5 * time.Second), Epoch: 1,
			Reason: "NotReady", Pods: 1, Trouble: []trouble{{"InvalidAnnotation", "x"}, {"NoEligiblePod", "y"}, {"InvalidAnnotation", "z"}},
		},
		{
			Namespace: "team-b", Service: "web", Epoch: 12, Pods: 1, Since: ago(49 * time.Hour), Reason: "Elected", LeaderService: "web-leader",
			Leader: &leader{Pod: "web-0", Address: "fd00::4"}, Trouble: []trouble{{"Pending", "w"}},
		},
		{Namespace: "team-b", Service: "old", Deleted: true},
	}
}

// same compares what was printed with what should be, apart from blanks at the ends of lines.
func same(t *testing.T, got, want string) {
	t.Helper()
	trimmed := func(text string) string {
		var lines []string
		for line := range strings.Lines(strings.Trim(text, "\n")) {
			lines = append(lines, strings.TrimRight(line, " \n"))
		}
		return strings.Join(lines, "\n")
	}
	if trimmed(got) != trimmed(want) {
		t.Errorf("printed\n%s\nnot\n%s", got, want)
	}
}

func TestTheListIsATable(t *testing.T) {
	for name, test := range map[string]struct {
		wide, namespace bool
		want            string
	}{
		"of one namespace": {false, false, `
SERVICE   LEADER              NODE     SINCE    EPOCH   CANDIDATES   REASON        TROUBLE
db        db-1                node-b   3h       4       2/3          Terminating   <none>
queue     <none>              <none>   5s       1       0/1          NotReady      InvalidAnnotation(2),NoEligiblePod
web       web-0 (not ready)   <none>   2d1h     12      0/1          Elected       Pending
old       <none>              <none>   <none>   0       0/0          <none>        deleted`},
		"of all, wide": {true, true, `
NAMESPACE   SERVICE   LEADER              NODE     SINCE    EPOCH   CANDIDATES   REASON        TROUBLE                              LEADER-SERVICE   CLUSTER-IP   ADDRESS
team-a      db        db-1                node-b   3h       4       2/3          Terminating   <none>                               db-leader        10.96.0.7    10.1.0.4
team-a      queue     <none>              <none>   5s       1       0/1          NotReady      InvalidAnnotation(2),NoEligiblePod   queue-leader     10.96.0.8    <none>
team-b      web       web-0 (not ready)   <none>   2d1h     12      0/1          Elected       Pending                              web-leader       <none>       fd00::4
team-b      old       <none>              <none>   <none>   0       0/0          <none>        deleted                              <none>           <none>       <none>`},
	} {
		t.Run(name, func(t *testing.T) {
			c, out := rendering()
			if err := printers.NewTablePrinter(printers.PrintOptions{Wide: test.wide}).PrintObj(c.table(test.namespace, reports()...), out); err != nil {
				t.Fatal(err)
			}
			same(t, out.String(), test.want)
		})
	}
}

func TestAnExplanationIsAPage(t *testing.T) {
	c, out := rendering()
	typed, empty := "perhaps\nnot", ""
	told := &explanation{
		report: *reports()[0], Enabled: true, Elected: &choice{Pod: "db-1", Note: "it leads already"}, Next: choice{Note: "no other Pod is eligible"},
		Lease: &lease{"lock", "held by db-1"},
		Settings: []setting{
			{Key: contract.AnnotationEnabled, InForce: "true"},
			{Key: contract.AnnotationSticky, Value: &typed, InForce: "true", Problem: "must be something else"},
			{Key: contract.AnnotationPreferredLeader, Value: &empty, Problem: "must be the name of a Pod"},
		},
		Candidates: []podVerdict{
			{Pod: "db-1", Node: "node-b", Ready: true, Since: &metav1.Time{Time: now.Add(-time.Minute)}, Revision: "abc", Eligible: true},
			{Pod: "db-2", Rule: election.RuleNotReady, Note: "its Ready condition is not true"},
		},
	}
	told.Trouble = []trouble{{"PortUnresolved", "no port"}}
	if err := c.printExplanation(told); err != nil {
		t.Fatal(err)
	}
	same(t, out.String(), `
Service:          team-a/db
Leader Service:   db-leader (10.96.0.7)
Leader:           db-1 on node node-b, 10.1.0.4, ready
Since:            2026-03-01T09:00:00Z (3h ago), epoch 4, reason Terminating
Why:              it leads already
Next:             nobody: no other Pod is eligible
Lease:            lock: held by db-1

Trouble:
  PortUnresolved: no port

Pods:
  POD    NODE     READY   SINCE    REVISION   ELIGIBLE   WHY NOT
  db-1   node-b   yes     60s      abc        yes
  db-2   <none>   no      <none>   <none>     no         NotReady: its Ready condition is not true

Settings:
  SETTING            TYPED            IN FORCE
  enabled                             true
  sticky             "perhaps\nnot"   true       NOT VALID: must be something else
  preferred-leader   ""                          NOT VALID: must be the name of a Pod`)
}

func TestEachBasisAndCriterionHasWords(t *testing.T) {
	policy, _ := contract.Parse("db", map[string]string{contract.AnnotationEnabled: "true"})
	seen := map[string]bool{}
	for _, decision := range []election.Decision{
		{Basis: election.BasisPaused}, {Basis: election.BasisPreferred}, {Basis: election.BasisGrace}, {Basis: election.BasisSticky}, {Basis: election.BasisDraining},
	} {
		seen[basisNote(policy, decision, "")] = true
	}
	for _, criterion := range []election.Criterion{
		"", election.CriterionRevision, election.CriterionReady, election.CriterionAge, election.CriterionName,
	} {
		seen[basisNote(policy, election.Decision{Basis: election.BasisOrder}, criterion)] = true
	}
	if len(seen) != 10 || seen[""] {
		t.Errorf("it says %v", seen)
	}
}

func TestOnlyRefusalsAreAnswers(t *testing.T) {
	services := schema.GroupResource{Resource: "services"}
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"forbidden":         {apierrors.NewForbidden(services, "db", errors.New("no")), true},
		"changed meanwhile": {apierrors.NewConflict(services, "db", errors.New("no")), true},
		"gone":              {apierrors.NewNotFound(services, "db"), true},
		"too busy":          {apierrors.NewTooManyRequests("later", 1), false},
		"etcd is slow":      {apierrors.NewServerTimeout(services, "patch", 1), false},
		"a webhook is slow": {apierrors.NewTimeoutError("slow", 1), false},
		"the line is cut":   {errors.New("EOF"), false},
	} {
		if got := isAnswer(test.err); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
