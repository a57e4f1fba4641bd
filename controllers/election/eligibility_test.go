package election_test

import (
	"testing"
	"time"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
)

// failures are the ways to fail a rule, in the order in which they are to be reported.
var failures = []struct {
	rule election.Rule
	fail func(candidate) candidate
}{
	{election.RuleFinished, candidate.finished},
	{election.RuleTerminating, candidate.terminating},
	{election.RuleNotSelected, candidate.notSelected},
	{election.RuleNotRunning, candidate.notRunning},
	{election.RuleNoAddress, candidate.withoutAddress},
	{election.RulePortsMissing, candidate.withoutPorts},
	{election.RuleNotReady, func(c candidate) candidate { return c.unready(ago(time.Minute)) }},
}

func TestAPodThatFailsARuleCannotLead(t *testing.T) {
	for _, failure := range failures {
		t.Run(string(failure.rule), func(t *testing.T) {
			alone := among(failure.fail(pod("a")))
			prove(t, []rule{{"alone", alone, nobody("")}})
			rejects(t, alone, election.Rejection{Pod: "a", Rule: failure.rule})
			prove(t, []rule{{"preferred", alone.preferring("a"), nobody("")}})
			prove(t, []rule{{"holding the Lease", alone.leaseOf("a"), nobody("")}})
		})
	}
}

func TestAPodIsReportedWithTheFirstRuleThatItFails(t *testing.T) {
	c := pod("a")
	for i := len(failures) - 1; i >= 0; i-- {
		c = failures[i].fail(c)
		rejects(t, among(c), election.Rejection{Pod: "a", Rule: failures[i].rule})
	}
}

func TestRulesOfThePolicyAreReportedAfterThoseOfThePodAndInTheirOrder(t *testing.T) {
	tooNew := pod("b").ready(ago(time.Second))
	for _, test := range []struct {
		name  string
		given ballot
		want  election.Rule
	}{
		{"not Ready before too new", among(tooNew.unready(now)).minReady(time.Minute), election.RuleNotReady},
		{"not Ready before another holder", among(tooNew.unready(now)).leaseOf("a"), election.RuleNotReady},
		{"paused before another holder", among(pod("b"), pod("a")).ledBy("a").leaseOf("a").paused(), election.RulePaused},
		{"another holder before too new", among(tooNew).minReady(time.Minute).leaseOf("a"), election.RuleNotHolder},
		{"too new", among(tooNew).minReady(time.Minute), election.RuleReadyTooNew},
	} {
		t.Run(test.name, func(t *testing.T) {
			rejects(t, test.given, election.Rejection{Pod: "b", Rule: test.want})
		})
	}
}

func TestRejectionsComeInTheOrderOfTheInput(t *testing.T) {
	given := among(pod("c").finished(), pod("a"), pod("b").terminating(), pod("aa").withoutPorts())
	rejects(t, given,
		election.Rejection{Pod: "c", Rule: election.RuleFinished},
		election.Rejection{Pod: "b", Rule: election.RuleTerminating},
		election.Rejection{Pod: "aa", Rule: election.RulePortsMissing})
}

func TestNobodyLeadsWithoutPods(t *testing.T) {
	prove(t, []rule{
		{"never led", among(), nobody("")},
		{"led", among().ledBy("a"), nobody(contract.ReasonDeleted)},
		{"lost before", among().lost("a", contract.ReasonDeleted), nobody("")},
		{"paused", among().ledBy("a").paused(), nobody(contract.ReasonDeleted)},
	})
}

func TestTheLeaderIsMatchedByUID(t *testing.T) {
	remade := pod("a")
	remade.UID = "uid-a-remade"
	prove(t, []rule{
		{"a Pod of the leader's name is another one", among(remade, pod("b")).ledBy("b"), keeps("b")},
		{"and is elected as another one", among(remade).ledBy("a"), elects("a", contract.ReasonDeleted)},
	})
}

func TestMinReadyDurationDelaysBecomingALeader(t *testing.T) {
	const wait = 30 * time.Second
	young := pod("a").ready(ago(wait - time.Nanosecond))
	prove(t, []rule{
		{"one nanosecond too new", among(young).minReady(wait), nobody("").recheckIn(time.Nanosecond)},
		{"just long enough", among(pod("a").ready(ago(wait))).minReady(wait), elects("a", contract.ReasonElected)},
		{"whoever has waited leads", among(young, pod("b")).minReady(wait), elects("b", contract.ReasonElected).recheckIn(time.Nanosecond)},
		{"the preferred Pod waits too", among(young, pod("b")).ledBy("b").preferring("a").minReady(wait), keeps("b").recheckIn(time.Nanosecond)},
		{"the Lease's holder waits too", among(young).leaseOf("a").minReady(wait), nobody("").recheckIn(time.Nanosecond)},
		{"a lost leader waits too", among(young).lost("a", contract.ReasonNotReady).minReady(wait), nobody("").recheckIn(time.Nanosecond)},
		{"the leader does not", among(young, pod("b")).ledBy("a").minReady(wait), keeps("a")},
		{"a leader that is not sticky stays a candidate", among(young).ledBy("a").notSticky().minReady(wait), keeps("a")},
		{"a Pod that never changed is old enough", among(pod("a").ready(time.Time{})).minReady(wait), elects("a", contract.ReasonElected)},
	})
	rejects(t, among(young).minReady(wait), election.Rejection{Pod: "a", Rule: election.RuleReadyTooNew})
}

// The Ready condition's time is by the kubelet's clock, which may be ahead of ours. Who asks for no delay gets none.
func TestANodesClockAheadOfOursDelaysNothingByItself(t *testing.T) {
	ahead := now.Add(2 * time.Second)
	prove(t, []rule{
		{"no wait without min-ready-duration", among(pod("a").ready(ahead)), elects("a", contract.ReasonElected)},
		{"a wait is never longer than asked for", among(pod("a").ready(ahead)).minReady(time.Minute), nobody("").recheckIn(time.Minute)},
		{
			"nor is a grace",
			among(pod("a").unready(ahead), pod("b")).ledBy("a").failoverDelay(time.Minute), keeps("a").recheckIn(time.Minute),
		},
		{"no grace without failover-min-delay", among(pod("a").unready(ahead), pod("b")).ledBy("a"), elects("b", contract.ReasonNotReady)},
	})
}

func TestRecheckIsTheEarliestTimeAtWhichSomethingChanges(t *testing.T) {
	const minute = time.Minute
	almost := pod("a").ready(ago(59 * time.Second))
	prove(t, []rule{
		{"nothing is due", among(pod("a"), pod("b")).ledBy("a"), keeps("a")},
		{"the Pod that is ready soonest", among(pod("b").ready(ago(time.Second)), almost).minReady(minute), nobody("").recheckIn(time.Second)},
		{"the Lease runs out", among(pod("a")).ledBy("a").leaseOf("a").leaseLasts(5 * time.Second), keeps("a").recheckIn(5 * time.Second)},
		{"the Lease before the Pod", among(almost).leaseOf("a").leaseLasts(time.Millisecond).minReady(minute), nobody("").recheckIn(time.Millisecond)},
		{"the Pod before the Lease", among(almost).leaseOf("a").leaseLasts(minute).minReady(minute), nobody("").recheckIn(time.Second)},
		{"a Lease that nobody holds does not run out", among(pod("a")).leaseOf("").leaseLasts(minute), nobody("")},
		{"a Lease that has run out is not waited for", among(pod("a")).leaseOf("a").leaseLasts(-minute), elects("a", contract.ReasonElected)},
		{
			"the end of the grace before the Pod",
			among(pod("b").unready(ago(time.Second)), pod("a").ready(now)).ledBy("b").failoverDelay(minute).minReady(time.Hour),
			keeps("b").recheckIn(59 * time.Second),
		},
	})
}
