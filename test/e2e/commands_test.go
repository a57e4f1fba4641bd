package e2e

import (
	"context"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/zen-lead/zen-lead/docs/check"
)

// root is the repository's, where users run commands.
const root = "../.."

// run has bash run commands as users would, in the world's namespace.
func (w *world) run(ctx context.Context, section check.Section) {
	GinkgoHelper()
	if variable("APP_IMAGE", "traffic:dev") != "traffic:dev" {
		Skip("config/samples names the image traffic:dev")
	}
	output, err := section.Run(ctx, root, variable("KUBECTL", "kubectl"), w.kubeconfig())
	GinkgoWriter.Println(output)
	Expect(err).NotTo(HaveOccurred())
}

// kubeconfig is the administrator's, with the world's namespace.
func (w *world) kubeconfig() string {
	GinkgoHelper()
	settings, err := clientcmd.LoadFromFile(os.Getenv("KUBECONFIG"))
	Expect(err).NotTo(HaveOccurred())
	settings.Contexts[settings.CurrentContext].Namespace = w.namespace
	path := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(clientcmd.WriteToFile(*settings, path)).To(Succeed())
	return path
}

// apply runs the commands that stand at the top of one of config/samples.
func (w *world) apply(ctx context.Context, sample string) {
	GinkgoHelper()
	commands, err := check.Heading(filepath.Join(root, "config/samples", sample))
	Expect(err).NotTo(HaveOccurred())
	Expect(commands).NotTo(BeEmpty())
	w.run(ctx, check.Section{Title: sample, Blocks: []check.Block{{Commands: commands}}})
}

var _ = Describe("The documentation's commands for a real cluster", func() {
	sections, err := check.Sections(root, check.Cluster)
	if err != nil {
		panic(err)
	}
	for _, section := range sections {
		It("work: "+section.Title, func(ctx SpecContext) {
			w := newWorld()
			w.apply(ctx, "my-app.yaml")
			w.run(ctx, section)
		}, SpecTimeout(2*deadline))
	}
})
