package leaderservice_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// harmless are the edits of sliceEdits that send no traffic elsewhere: they are put back by the acting replica alone.
var harmless = map[string]bool{
	"managed-by changed": true, "source removed": true, "another Pod's name": true, "another node": true, "a zone": true,
	"a host name": true, "hints": true, "appProtocol changed": true, "controller removed": true, "controller demoted": true,
	"another UID": true, "leader name changed": true, "leader UID changed": true, "epoch lowered": true,
	"switch time changed": true, "reason removed": true, "applied digest removed": true, "all annotations gone": true,
}

func TestASliceMisroutesIfItsTrafficGoesElsewhereAndForNothingElse(t *testing.T) {
	route := routeTo(pod("a"), leads("a", 1))
	for name, edit := range sliceEdits {
		existing := sliceOf(route)
		edit(existing)
		before := existing.DeepCopy()
		if got := leaderservice.Misroutes(existing, route); got == harmless[name] {
			t.Errorf("%s: misroutes is %v", name, got)
		}
		same(t, "the slice after it was judged", before, existing)
	}
}

func TestASliceMisroutesIfTheLeaderIsToChange(t *testing.T) {
	existing := sliceOf(routeTo(pod("a"), leads("a", 1)))
	draining := routeTo(pod("a"), leads("a", 1))
	draining.Conditions = election.Conditions{Serving: true, Terminating: true}
	otherPorts := routeTo(pod("a"), leads("a", 1))
	otherPorts.Source.Spec.Ports[1].TargetPort.IntVal++
	for name, test := range map[string]struct {
		route     leaderservice.Route
		misroutes bool
	}{
		"the same leader":                {routeTo(pod("a"), leads("a", 1)), false},
		"the same leader by other count": {routeTo(pod("a"), leads("a", 7)), false},
		"another leader":                 {routeTo(pod("b"), leads("b", 2)), true},
		"nobody":                         {routeTo(nil, lost("a", 1)), true},
		"another address":                {routeTo(pod("a", addresses("10.1.0.6")), leads("a", 1)), true},
		"another address of no matter":   {routeTo(pod("a", addresses("10.1.0.5", "fd01::6")), leads("a", 1)), false},
		"a leader that drains":           {draining, true},
		"other ports":                    {otherPorts, true},
		"ports that no longer resolve":   {routeTo(pod("a", withoutPorts), leads("a", 1)), true},
		"a leader that has finished":     {routeTo(pod("a", phase(corev1.PodFailed)), leads("a", 1)), true},
	} {
		if got := leaderservice.Misroutes(existing, test.route); got != test.misroutes {
			t.Errorf("%s: misroutes is %v", name, got)
		}
	}
	if leaderservice.Misroutes(sliceOf(routeTo(nil, lost("a", 1))), routeTo(nil, lost("a", 1))) {
		t.Error("an empty slice is right where nobody leads")
	}
}

// A slice of another version of the operator differs in its digest, and in fields that one version sets and another does not.
func TestASliceOfAnotherVersionOfTheOperatorDoesNotMisroute(t *testing.T) {
	route := routeTo(pod("a"), leads("a", 1))
	existing := sliceOf(route)
	annotated(contract.AnnotationApplied, "v9-0123456789abcdef")(existing)
	ofEndpoint(func(e *discoveryv1.Endpoint) { e.Zone = new("z") })(existing)
	if leaderservice.Misroutes(existing, route) {
		t.Error("two versions would fight")
	}
}
