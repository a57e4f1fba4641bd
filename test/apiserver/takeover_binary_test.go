package apiserver

import (
	"fmt"
	nethttp "net/http"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

// says returns a poll of whether the replica's metrics have this line.
func (r *replica) says(line, token string) func() bool {
	return func() bool {
		_, body := get("https://"+r.metrics+"/metrics", token)
		return strings.Contains(body, "\n"+line+"\n")
	}
}

// signal sends the replica's process a signal.
func (r *replica) signal(signal syscall.Signal) {
	GinkgoHelper()
	Expect(r.command.Process.Signal(signal)).To(Succeed())
}

// pair is a world with two processes of the operator, of which the first acts and the second is warm.
type pair struct {
	*world
	first, second *replica
	scraper       string
	seen          *history
}

// newPair has a lead my-app, with candidates b and c.
func newPair() *pair {
	GinkgoHelper()
	w := newQuietWorld()
	grant(w.ctx, w.namespace, controlplane.RoleSystem)
	p := &pair{world: w, scraper: w.token("scraper")}
	w.allowScraping("scraper")
	kubeconfig := kubeconfigOf(operatorUser)
	p.first = w.startReplica(kubeconfig)
	Eventually(p.first.acts(p.scraper)).Should(BeTrue())
	p.second = w.startReplica(kubeconfig)
	Eventually(p.second.ready).Should(Equal(nethttp.StatusOK))
	w.aService("my-app").create()
	w.aPod("my-app", "a").create()
	w.switched("my-app", "a", 1, contract.ReasonElected)
	w.aPod("my-app", "b").readySince(time.Now().Add(-50 * time.Second)).create()
	w.aPod("my-app", "c").readySince(time.Now().Add(-40 * time.Second)).create()
	p.seen = w.startHistory()
	return p
}

// takenOver asserts how many decisions the second replica has made while it did not act first.
func (p *pair) takenOver(decisions int) {
	GinkgoHelper()
	Eventually(p.second.says(fmt.Sprintf("zen_lead_takeovers_total %d", decisions), p.scraper)).Should(BeTrue())
}

// stays asserts that the Pod goes on leading.
func (p *pair) stays(pod string) {
	GinkgoHelper()
	p.annotate("my-app", "touched", fmt.Sprint(time.Now().UnixNano()))
	Consistently(p.leader("my-app")).WithTimeout(time.Second).Should(Equal([]string{pod}))
}

var _ = Describe("Two processes of which the acting one is lost (contract 6)", func() {
	It("killed together with the leader, it is missed for the takeover delay and not for a Lease's run-out", func(_ SpecContext) {
		p := newPair()
		killed := time.Now()
		p.first.signal(syscall.SIGKILL)
		p.setReady("a", false)
		p.switched("my-app", "b", 2, contract.ReasonNotReady)
		Expect(p.lastSwitch()).To(BeTemporally("<", killed.Add(3*time.Second)))
		Expect(p.second.acts(p.scraper)()).To(BeFalse(), "the Lease has not run out")
		p.takenOver(1)

		By("a second loss before the Lease runs out")
		p.remove("b")
		Eventually(p.leader("my-app")).Should(Equal([]string{"c"}))
		p.takenOver(2)

		By("the Lease, which it takes in the end")
		p.releaseLease()
		Eventually(p.second.acts(p.scraper)).Should(BeTrue())
		p.setReady("a", true)
		p.stays("c")
		p.setReady("c", false)
		Eventually(p.leader("my-app")).Should(Equal([]string{"a"}))
		p.statusFollows("my-app")
		p.nobodyIsSaidToHaveEdited("my-app")
		p.came(p.seen, "a 1", "b 2", "c 3", "a 4")
	}, NodeTimeout(3*time.Minute))

	It("frozen, it lets stand what the standby has decided once it goes on, whether it still holds the Lease or not", func(_ SpecContext) {
		p := newPair()
		By("for a moment")
		p.first.signal(syscall.SIGSTOP)
		p.setReady("a", false)
		p.switched("my-app", "b", 2, contract.ReasonNotReady)
		p.takenOver(1)
		p.first.signal(syscall.SIGCONT)
		p.stays("b")
		Expect(p.first.acts(p.scraper)()).To(BeTrue())

		By("until the other one has the Lease")
		p.setReady("a", true)
		p.first.signal(syscall.SIGSTOP)
		p.releaseLease()
		Eventually(p.second.acts(p.scraper)).Should(BeTrue())
		p.setReady("b", false)
		p.switched("my-app", "c", 3, contract.ReasonNotReady)
		p.first.signal(syscall.SIGCONT)
		Eventually(p.first.says("zen_lead_acting 0", p.scraper)).Should(BeTrue(), "one replica acts")
		p.stays("c")
		Eventually(p.first.done).WithTimeout(30*time.Second).Should(Receive(HaveOccurred()), "it does not hold the Lease any longer")
		p.setReady("c", false)
		Eventually(p.leader("my-app")).Should(Equal([]string{"a"}))
		p.statusFollows("my-app")
		p.nobodyIsSaidToHaveEdited("my-app")
		p.came(p.seen, "a 1", "b 2", "c 3", "a 4")
	}, NodeTimeout(3*time.Minute))
})
