package plugin

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/zen-lead/zen-lead/cmd/kubectl-zen_lead/plugin"
	"github.com/zen-lead/zen-lead/docs/check"
	"github.com/zen-lead/zen-lead/test/controlplane"
	"github.com/zen-lead/zen-lead/test/poddriver"
)

// path is what a user's PATH is who has installed the plugin.
func path() string { return programs + ":" + os.Getenv("PATH") }

// kubectl is kubectl's command line for a world, with the plugin on the PATH.
func (w *world) kubectl(arguments ...string) *exec.Cmd {
	command := exec.Command(plane.Kubectl, arguments...)
	command.Env = append(os.Environ(), "PATH="+path(), "KUBECONFIG="+w.kubeconfig)
	return command
}

// drivePods has Pods run as on a cluster.
func (w *world) drivePods() {
	GinkgoHelper()
	ctx, cancel := context.WithCancel(w.ctx)
	DeferCleanup(cancel)
	Expect(poddriver.Start(ctx, plane.Config, poddriver.Options{Namespace: w.namespace, Nodes: controlplane.Nodes})).To(Succeed())
}

var _ = Describe("As a program", func() {
	It("kubectl finds it, and passes arguments and exit code on", func() {
		w := newLedWorld()
		out, err := w.kubectl("zen-lead", "list", "-n", w.namespace).CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(out))
		Expect(string(out)).To(ContainSubstring("my-app-0"))
		out, err = w.kubectl("zen-lead", "list", "-n", "nowhere").CombinedOutput()
		Expect(err).To(MatchError(ContainSubstring("exit status 1")))
		Expect(string(out)).To(Equal("error: there is no namespace \"nowhere\"\n"))
		out, err = w.kubectl("zen-lead", "--version").CombinedOutput()
		Expect(err).NotTo(HaveOccurred())
		Expect(string(out)).To(Equal("kubectl zen-lead version dev (commit unknown)\n"))
	})

	It("kubectl completes it", func() {
		w := newLedWorld()
		completed := func(arguments ...string) func() (string, error) {
			return func() (string, error) {
				out, err := w.kubectl(append([]string{"__complete", "zen-lead", "-n", w.namespace}, arguments...)...).Output()
				return string(out), err
			}
		}
		Eventually(completed("explain", "my")).Should(Equal("my-app\n:4\n"))
		Eventually(completed("switch", "my-app", "")).Should(Equal("my-app-1\nmy-app-2\n:4\n"))
		Eventually(completed("switch", "my-app", "my-app-1", "")).Should(Equal(":4\n"))
		Eventually(completed("enable", "")).Should(Equal(":4\n"))
		Eventually(completed("disable", "")).Should(Equal("my-app\n:4\n"))
		Eventually(completed("list", "-o", "w")).Should(ContainSubstring("wide"))
		Eventually(completed("w")).Should(HavePrefix("watch\t"))
		Eventually(completed("list", "--namespace", "kube-s")).Should(Equal("kube-system\n:4\n"))
		Eventually(completed("enable", "x", "--dry-run", "")).Should(Equal("none\nclient\nserver\n:4\n"))
	})

	It("a real Ctrl-C has it put the preference back", func() {
		w := newQuietWorld()
		stop := w.startOperator()
		w.makeLed("my-app")
		stop()
		moving := exec.Command(filepath.Join(programs, plugin.Binary), "switch", "my-app", "my-app-1", "-n", w.namespace, "--kubeconfig", w.kubeconfig)
		said := &screen{}
		moving.Stderr = said
		Expect(moving.Start()).To(Succeed())
		Eventually(w.annotation("my-app", preferred)).Should(Equal("my-app-1"))
		Expect(moving.Process.Signal(syscall.SIGINT)).To(Succeed())
		Expect(moving.Wait()).To(MatchError("exit status 130"))
		Expect(said.String()).To(HaveSuffix("error: interrupted. zen-lead.io/preferred-leader is not set, as before\n"))
		Expect(w.annotation("my-app", preferred)()).To(BeEmpty())
	})
})

var _ = Describe("The documentation's commands", func() {
	sections, err := check.Sections(root, check.Plugin)
	if err != nil {
		panic(err)
	}
	for _, section := range sections {
		It("work: "+section.Title, func(ctx SpecContext) {
			w := newWorld()
			w.drivePods()
			GinkgoT().Setenv("PATH", path())
			access := check.Access{Kubectl: plane.Kubectl, Kubeconfig: plane.Kubeconfig, Namespace: w.namespace}
			sample, err := check.Sample(root, "my-app.yaml")
			Expect(err).NotTo(HaveOccurred())
			for _, run := range []check.Section{sample, section} {
				output, err := run.Run(ctx, root, access)
				GinkgoWriter.Println(output)
				Expect(err).NotTo(HaveOccurred(), output)
			}
		}, NodeTimeout(time.Minute))
	}

	It("name flags that the plugin has", func() {
		pages, err := check.Pages(root)
		Expect(err).NotTo(HaveOccurred())
		reference, err := os.ReadFile(root + "/docs/plugin-reference.md")
		Expect(err).NotTo(HaveOccurred())
		for _, page := range pages {
			if page.Path != "docs/plugin.md" {
				continue
			}
			for _, flag := range page.Flags() {
				Expect(string(reference)).To(MatchRegexp(`--`+flag.Word+`\b`), fmt.Sprintf("%s:%d", flag.Page, flag.Line))
			}
		}
	})
})
