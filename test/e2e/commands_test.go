package e2e

import (
	"context"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

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
	output, err := section.Run(ctx, root, check.Access{
		Kubectl: variable("KUBECTL", "kubectl"), Kubeconfig: os.Getenv("KUBECONFIG"), Namespace: w.namespace,
	})
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
