package e2e

import (
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/zen-lead/zen-lead/test/traffic/bench"
	"github.com/zen-lead/zen-lead/test/traffic/record"
	"github.com/zen-lead/zen-lead/test/traffic/results"
)

// trafficDeadline is how long one case may take: a node that lost its power is noticed after 50 s, and has to come back.
const trafficDeadline = 8 * time.Minute

// maxTries is how often a rolling update is tried on a machine that stands still for longer than the clients wait. A leader that is
// moved late, or to a Pod that does not serve, loses requests every time.
const maxTries = 3

// The short form of `make bench-traffic`: each case once, with the rules that hold for every round.
var _ = Describe("Under traffic", Ordered, SpecPriority(priorityTraffic), func() {
	for _, stateful := range []bool{false, true} {
		title := "with a Deployment"
		if stateful {
			title = "with a StatefulSet"
		}
		Context(title, Ordered, func() { underTraffic(stateful) })
	}
})

func underTraffic(stateful bool) {
	var measured *bench.Bench
	BeforeAll(func(ctx SpecContext) {
		var err error
		measured, err = bench.Open(ctx, trafficOptions(), "my-app", stateful)
		if measured != nil {
			DeferCleanup(func(ctx SpecContext) { Expect(measured.Close(ctx)).To(Succeed()) }, NodeTimeout(trafficDeadline))
		}
		Expect(err).NotTo(HaveOccurred())
	}, NodeTimeout(trafficDeadline))
	for _, c := range bench.Cases() {
		if c.Stateful != stateful {
			continue
		}
		It(c.Title, func(ctx SpecContext) {
			if c.OwnCluster && trafficOptions().ClusterCommand == "" {
				Skip("only our own cluster's machines can be made to fail: `make e2e` without KUBECONFIG")
			}
			var round results.Round
			for range maxTries {
				var err error
				round, err = measured.Round(ctx, c)
				Expect(err).NotTo(HaveOccurred())
				GinkgoWriter.Println(bench.Describe(c, round))
				leader := round.Streams[results.WayLeader][record.ModeNew]
				if !c.Rolling || leader.Failed == 0 || leader.FailedByOutcome[record.TimedOut.String()] < leader.Failed {
					break
				}
				GinkgoWriter.Println("Requests were sent and timed out, which happens on a machine that stands still too. Once more.")
			}
			expectRules(c, round)
		}, SpecTimeout(trafficDeadline))
	}
}

// expectRules has what holds whatever the machine's speed.
func expectRules(c bench.Case, round results.Round) {
	GinkgoHelper()
	leader := round.Streams[results.WayLeader][record.ModeNew]
	Expect(leader.Requests).To(BeNumerically(">", 0))
	Expect(leader.Failed).To(BeNumerically("<", leader.Requests), "nothing was answered at all")
	Expect(round.OutOfOrder).To(BeZero(), "new connections that reached the former leader after one had reached the new one")
	Expect(leader.LeaderChanges).To(BeNumerically("<=", max(1, c.Changes)), "who led when: %s", round.Leaders)
	if c.Rolling {
		Expect(leader.LeaderChanges).To(Equal(1), "who led when: %s", round.Leaders)
		Expect(leader.Failed).To(BeZero(), "%v", leader.FailedByOutcome)
	}
}

func trafficOptions() bench.Options {
	return bench.Options{
		Kubeconfig: variable("KUBECONFIG", ""), Kubectl: variable("KUBECTL", "kubectl"), Image: variable("APP_IMAGE", "traffic:dev"),
		OperatorNamespace: operatorNamespace, ClusterCommand: clusterCommand(), Rate: 100, Progress: GinkgoWriter,
	}
}

// clusterCommand is absolute: the suite runs in its own folder.
func clusterCommand() string {
	command := variable("ZEN_LEAD_CLUSTER", "")
	if command == "" {
		return ""
	}
	absolute, err := filepath.Abs(command)
	Expect(err).NotTo(HaveOccurred())
	return absolute
}
