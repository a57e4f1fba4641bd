package apiserver

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/zen-lead/zen-lead/docs/check"
)

// root is the repository's, where users run commands.
const root = "../.."

// commandsDeadline is how long one section of a page, or one sample, may take: each command is tried for a minute.
const commandsDeadline = 4 * time.Minute

// flagsOfOthers are named by themselves in the documentation, and are not the operator's, or are those of every program.
var flagsOfOthers = []string{"node-monitor-grace-period", "kube-api-qps", "kube-api-burst", "as", "cascade", "help",
	"api-versions", "force-conflicts", "take-ownership", "wait"} // the last are Helm's

// run has bash run commands as users would, in the world's namespace.
func (w *world) run(ctx context.Context, section check.Section) {
	GinkgoHelper()
	output, err := section.Run(ctx, root, check.Access{Kubectl: plane.Kubectl, Kubeconfig: plane.Kubeconfig, Namespace: w.namespace})
	GinkgoWriter.Println(output)
	Expect(err).NotTo(HaveOccurred())
}

// apply runs the commands that stand at the top of one of config/samples.
func (w *world) apply(ctx context.Context, sample string) {
	GinkgoHelper()
	section, err := check.Sample(root, sample)
	Expect(err).NotTo(HaveOccurred())
	w.run(ctx, section)
}

// newCommandsWorld is one in which Pods run as on a cluster.
func newCommandsWorld() *world {
	GinkgoHelper()
	needs("kubectl's commands that the documentation uses", "1.31")
	w := newWorld()
	w.drivePods()
	return w
}

var _ = Describe("The documentation's commands", func() {
	sections, err := check.Sections(root, check.ControlPlane)
	if err != nil {
		panic(err)
	}
	for _, section := range sections {
		It("work: "+section.Title, func(ctx SpecContext) {
			w := newCommandsWorld()
			w.apply(ctx, "my-app.yaml")
			w.run(ctx, section)
		}, NodeTimeout(commandsDeadline))
	}

	It("name flags that the operator has, and no other", func(ctx SpecContext) {
		help, err := exec.CommandContext(ctx, operatorBinary, "--help").CombinedOutput()
		Expect(err).NotTo(HaveOccurred())
		pages, err := check.Pages(root)
		Expect(err).NotTo(HaveOccurred())
		count := 0
		for _, page := range pages {
			if strings.HasPrefix(page.Path, "docs/plugin") {
				continue // those are kubectl's plugin's
			}
			for _, flag := range page.Flags() {
				if !slices.Contains(flagsOfOthers, flag.Word) {
					count++
					Expect(string(help)).To(MatchRegexp(`--`+flag.Word+`\b`), "%s:%d", flag.Page, flag.Line)
				}
			}
		}
		Expect(count).To(BeNumerically(">", 5))
	})

	It("and those of the sample for two IP families make a slice for each, with the same Pod", func(ctx SpecContext) {
		w := newCommandsWorld()
		w.apply(ctx, "dual-stack.yaml")
		Expect(w.service("gateway-leader").Spec.IPFamilies).To(ConsistOf(ipv4, ipv6))
		leader := w.slice("gateway-leader-ipv4").Endpoints[0].TargetRef.Name
		Eventually(w.endpoints("gateway-leader", ipv6)).Should(ConsistOf(HavePrefix(leader + " fd00:")))
	}, NodeTimeout(commandsDeadline))
})
