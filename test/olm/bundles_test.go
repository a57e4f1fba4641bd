package olm

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	imageName   = "ghcr.io/zen-lead/zen-lead"
	packageName = "zen-lead"
	// The versions that the suite installs, oldest first. images.sh makes an image of each of the first two.
	first, second = "0.1.0", "0.2.0"
	// broken never becomes ready.
	broken = "0.3.0"
)

// bundle is one in a folder, as it is offered in catalogs.
type bundle struct {
	name      string // of its ClusterServiceVersion
	directory string
	image     string
	replaces  string
}

// An alert, by its name now and by the one that it has in the first version's bundle.
const (
	currentAlert = "ZenLeadWorkQueueSaturated"
	formerAlert  = "ZenLeadWorkQueueFull"
)

// The bundles, by version: with monitoring objects, and without.
var withMonitoring, core map[string]bundle

// makeBundles makes the bundles of all versions, and has the nodes know their images.
func makeBundles() {
	GinkgoHelper()
	withMonitoring, core = map[string]bundle{}, map[string]bundle{}
	directory := GinkgoT().TempDir()
	archives := map[string]string{}
	for _, version := range []string{first, second} {
		archives[version] = olmImage("zen-lead-" + version)
	}
	run(nil, os.Getenv("ZEN_LEAD_CLUSTER"), "load", archives[first], archives[second])
	images := map[string]string{
		first: imageName + "@" + digestOf(archives[first]), second: imageName + "@" + digestOf(archives[second]),
	}
	images[broken] = images[second]
	before := map[string]string{first: "", second: first, broken: second}
	for version, image := range images {
		made := filepath.Join(directory, version)
		generate(version, before[version], image, made)
		withMonitoring[version] = bundle{name: "zen-lead.v" + version, directory: filepath.Join(made, "prometheus"), image: image}
		core[version] = bundle{name: "zen-lead.v" + version + "-core", directory: filepath.Join(made, "core"), image: image}
	}
	for _, variant := range []map[string]bundle{withMonitoring, core} {
		for version, replaced := range before {
			made := variant[version]
			if replaced != "" {
				made.replaces = variant[replaced].name
			}
			variant[version] = made
		}
		edit(variant[broken], "path: /readyz", "path: /never")
	}
	edit(withMonitoring[first], currentAlert, formerAlert)
}

// olmImage is the archive of one of the images that images.sh makes.
func olmImage(name string) string {
	GinkgoHelper()
	return filepath.Join(root(), "bin", "olm-images", name+".tar")
}

// generate runs the tool that `make bundle` runs.
func generate(version, replaces, image, directory string) {
	GinkgoHelper()
	arguments := []string{"-C", root(), filepath.Join(root(), "bin", "bundle"), "generate", "-version", version, "-image", image, "-output", directory}
	if replaces != "" {
		arguments = append(arguments, "-replaces", replaces)
	}
	run(nil, "env", arguments...)
}

// edit replaces text in a bundle's manifests, which must be there.
func edit(in bundle, what, by string) {
	GinkgoHelper()
	files, err := filepath.Glob(filepath.Join(in.directory, "manifests", "*.yaml"))
	Expect(err).NotTo(HaveOccurred())
	found := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		found += strings.Count(string(content), what)
		Expect(os.WriteFile(file, []byte(strings.ReplaceAll(string(content), what, by)), 0o600)).To(Succeed())
	}
	Expect(found).To(BeNumerically(">", 0), "%s has no %q", in.name, what)
}

// digestOf is that of the one image, or index of images, in an archive of an OCI layout.
func digestOf(archive string) string {
	GinkgoHelper()
	file, err := os.Open(archive)
	Expect(err).NotTo(HaveOccurred(), "test/olm/images.sh makes it")
	defer func() { _ = file.Close() }()
	for reader := tar.NewReader(file); ; {
		header, err := reader.Next()
		Expect(errors.Is(err, io.EOF)).To(BeFalse(), "%s has no index.json", archive)
		Expect(err).NotTo(HaveOccurred())
		if filepath.Clean(header.Name) == "index.json" {
			var index struct {
				Manifests []struct{ Digest string }
			}
			Expect(json.NewDecoder(reader).Decode(&index)).To(Succeed())
			Expect(index.Manifests).To(HaveLen(1))
			return index.Manifests[0].Digest
		}
	}
}
