package apiserver

import (
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// longestForgetful is for how long an API server may forbid what it has allowed before. Source: controllers/reconnect.go.
const longestForgetful = 5 * time.Second

// startLog returns whether a text is logged from now on.
func startLog() (says func(text string) bool) {
	log := gbytes.NewBuffer()
	GinkgoWriter.TeeTo(log)
	DeferCleanup(GinkgoWriter.ClearTeeWriters)
	return func(text string) bool { return strings.Contains(string(log.Contents()), text) }
}

// mayWatchPods gives the operator the rights to list and watch the Pods of the world, or takes them away, and returns once the API server knows.
func (w *world) mayWatchPods(may bool) {
	GinkgoHelper()
	change(w, &rbacv1.Role{}, operatorUser+"watched", func(role *rbacv1.Role) {
		for i, rule := range role.Rules {
			if !sets.New(rule.Resources...).Has("pods") {
				continue
			}
			if verbs := sets.New(rule.Verbs...); may {
				role.Rules[i].Verbs = sets.List(verbs.Insert("list", "watch"))
			} else {
				role.Rules[i].Verbs = sets.List(verbs.Delete("list", "watch"))
			}
		}
	})
	Eventually(w.mayWork).Should(Equal(may))
}

// newWatchingWorld is one in which my-app's a leads and b may follow, and an operator that uses a line and has nothing more to do.
func newWatchingWorld(options ...startOption) (*world, *line) {
	GinkgoHelper()
	w, line := newQuietWorld(), newLine()
	w.startOperator(append(options, line.wire)...)
	w.aService("my-app").createLed("a", "b")
	w.settled("my-app")
	return w, line
}

var _ = Describe("An API server that was allowed to be watched a moment ago and forbids it (contract 6)", func() {
	It("is tried again, as it may have been started just now; what is cached stays, and no right is said to be missing", func() {
		_, still := standingStill() // so that the moment has no end
		w, line := newWatchingWorld(still)
		says := startLog()
		var tries []func() int
		reviews := line.count(review)
		asked := reviews()
		reconnected := line.reconnects()
		line.forbid(watched...)
		line.breakWatches(watched...)
		for _, resource := range watched {
			tries = append(tries, line.count("GET "+resource))
		}
		for i, resource := range watched {
			before := tries[i]()
			Eventually(tries[i]).Should(BeNumerically(">", before+2), resource)
		}
		w.setReady("a", false)
		line.allow()
		reconnected()
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Expect(reviews()).To(Equal(asked), "nothing was looked into")
		Expect(says("Rights are missing")).To(BeFalse())
	})

	It("has taken the right away if it goes on doing so, which is told; with the right back, leaders fail over", func() {
		clock, still := standingStill()
		w, line := newWatchingWorld(still)
		says := startLog()
		w.mayWatchPods(false)
		tries, reviews := line.count("GET pods"), line.count(review)
		before, asked := tries(), reviews()
		line.breakWatches("pods")
		Eventually(tries).Should(BeNumerically(">", before+2))
		Expect(reviews()).To(Equal(asked), "not told yet")
		clock.SetTime(clock.Now().Add(longestForgetful))
		Eventually(says).WithArguments("list pods, watch pods in namespace " + w.namespace).Should(BeTrue())
		Expect(says("Rights are missing")).To(BeTrue())

		w.mayWatchPods(true)
		w.setReady("a", false)
		// client-go lists anew by itself, and waits longer each time before it does.
		Eventually(w.leader("my-app")).WithTimeout(time.Minute).Should(Equal([]string{"b"}))
	})
})

var _ = Describe("Watches that end again and again (contract 6)", func() {
	// client-go by itself waits before it lists anew, twice as long each time: a minute for the last ones of these. Source: its reflector's backoff.
	const times = 8

	DescribeTable("go on soon each time, and a leader that fails then is replaced", func(end func(l *line)) {
		w, line := newWatchingWorld()
		seen := w.startHistory()
		var reigns []string
		for i := range times {
			reigns = append(reigns, fmt.Sprint(strings.Split("ab", "")[i%2], " ", i+1))
			end(line)
			w.failsOver("my-app")
		}
		w.came(seen, append(reigns, fmt.Sprint("a ", times+1))...)
	},
		Entry("with an error", func(l *line) { l.breakWatches(watched...) }),
		Entry("with versions that have expired", func(l *line) { l.expire(watched...) }),
	)
})

var _ = Describe("A request that is never answered (contract 6)", func() {
	// longestRead and longestWrite are how long it is waited for. Source: controllers/retries.go.
	const longestRead, longestWrite = 10 * time.Second, 35 * time.Second

	It("is given up after a while, and the leader is moved", func() {
		w, line := newWatchingWorld()
		reached, _ := line.hold("PUT endpointslices my-app-leader-ipv4")
		w.setReady("a", false)
		Eventually(reached).Should(BeClosed())
		Eventually(w.leader("my-app")).WithTimeout(2 * longestWrite).Should(Equal([]string{"b"}))
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
	})

	It("is given up by a standby too, also one that many Services share", func() {
		line := newLine()
		w := newWorld()
		w.aService("my-app").createLed("a", "b")
		w.stopOperator()
		w.startStandby(takeoverDelay, line.wire)
		reached, _ := line.hold("GET pods")
		w.setReady("a", false)
		Eventually(reached).Should(BeClosed())
		Eventually(w.leader("my-app")).WithTimeout(3 * longestRead).Should(Equal([]string{"b"}))
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
	})
})
