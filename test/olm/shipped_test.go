package olm

import (
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The catalog of this repository", func() {
	It("installs the newest release from its bundle's image, which OLM unpacks", Label("short"), func() {
		released := loadRelease()
		served.offer(filepath.Join(root(), "catalog", packageName))
		shop(shopA)
		subscription{channel: "stable-core", targets: []string{shopA}}.install(released)
		leads := elects(shopA)
		reached(shopA, leads)
		failsOver(shopA)
		expectRights(released, []string{shopA}, []string{clientNamespace})
	})
})

// releaseArchive is one of the newest release's images, which images.sh makes from its commit.
func releaseArchive(name string) string {
	return filepath.Join(root(), "bin", "olm-images", "released", name+".tar")
}

// loadRelease has the nodes know the image of the newest release's bundle, and those with which OLM unpacks it.
func loadRelease() bundle {
	GinkgoHelper()
	version := shown("version")
	released := bundle{name: "zen-lead.v" + version + "-core", image: shown("image")}
	rendered, err := os.ReadFile(filepath.Join(root(), "catalog", packageName, "v"+version+".yaml"))
	Expect(err).NotTo(HaveOccurred())
	Expect(string(rendered)).To(ContainSubstring(imageName + "-bundle@" + digestOf(releaseArchive("bundle-core"))))
	run(nil, os.Getenv("ZEN_LEAD_CLUSTER"), "load", releaseArchive("bundle-core"), olmImage("opm"), olmImage("utilities"))
	return released
}
