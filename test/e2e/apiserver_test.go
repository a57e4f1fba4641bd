package e2e

import (
	"os/exec"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// silence is how long the API server is down. The operator gives up its Lease, and ends, after 10 s.
const silence = 5 * time.Second

var _ = Describe("While the API server says nothing", SpecPriority(prioritySilence), func() {
	It("a leader Service routes on", func() {
		command := variable("ZEN_LEAD_CLUSTER", "")
		if command == "" {
			Skip("ZEN_LEAD_CLUSTER is not set: only the API server of test/cluster can be stopped")
		}
		w, leader := newLedWorld(2)
		w.reaches("my-app", leader)
		Expect(runningClient.start(record.ModeNew, w.address("my-app-leader"))).To(Succeed())
		withoutAPIServer(command, func() {
			Consistently(apiServerAnswers).WithTimeout(silence).Should(BeFalse())
		})
		Eventually(runningClient.stop).Should(Succeed())
		run, err := runningClient.records()
		Expect(err).NotTo(HaveOccurred())
		Expect(len(run.Records)).To(BeNumerically(">=", silence.Seconds()*rate))
		Expect(answersOf(run)).To(Equal([]string{leader}))
	})
})

// withoutAPIServer stops the API server of test/cluster while something is done.
func withoutAPIServer(command string, do func()) {
	GinkgoHelper()
	apiServer := func(action string) error {
		run := exec.CommandContext(ctx, command, action, "control-plane", "kube-apiserver")
		run.Dir = "../.." // where the cluster's folder is
		run.Stdout, run.Stderr = GinkgoWriter, GinkgoWriter
		return run.Run()
	}
	// Kubernetes would come back later and later to namespaces that it cannot finish deleting.
	Eventually(namespacesBeingDeleted).Should(BeEmpty())
	Expect(apiServer("stop")).To(Succeed())
	defer func() {
		Expect(apiServer("start")).To(Succeed())
		Eventually(apiServerAnswers).Should(BeTrue())
	}()
	Eventually(apiServerAnswers).Should(BeFalse())
	do()
}

func apiServerAnswers() bool {
	return clients.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error() == nil
}
