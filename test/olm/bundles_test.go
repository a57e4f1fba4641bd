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
	utilversion "k8s.io/apimachinery/pkg/util/version"
)

const (
	imageName   = "ghcr.io/zen-lead/zen-lead"
	packageName = "zen-lead"
	// oldest is the first release.
	oldest = "0.1.0"
)

// The versions besides that the suite installs, by their age. images.sh makes the images: next's from this tree, the others' from the commits
// that they were released from.
var (
	// former is the newest release, and its bundles are those that were released.
	former string
	// next is this tree, as it will be released.
	next string
	// broken is one after that, which never becomes ready.
	broken string
)

// bundle is one in a folder, as it is offered in catalogs.
type bundle struct {
	name      string // of its ClusterServiceVersion
	directory string
	image     string
	replaces  string
	skipRange string // what is upgraded to it in one step, besides
}

// An alert, by its name now and by the one that it has in the former version's bundle.
const (
	currentAlert = "ZenLeadWorkQueueSaturated"
	formerAlert  = "ZenLeadWorkQueueFull"
)

// The bundles, by version: with monitoring objects, and without.
var withMonitoring, core map[string]bundle

// makeBundles makes the bundles of all versions, and has the nodes know their images.
func makeBundles() {
	GinkgoHelper()
	former = shown("version")
	next = minorAfter(former)
	broken = minorAfter(next)
	withMonitoring, core = map[string]bundle{}, map[string]bundle{}
	directory := GinkgoT().TempDir()
	archives := map[string]string{oldest: olmImage("zen-lead-" + oldest), former: releaseArchive(packageName), next: olmImage("zen-lead-" + next)}
	images := map[string]string{}
	for version, archive := range archives {
		run(nil, os.Getenv("ZEN_LEAD_CLUSTER"), "load", archive)
		images[version] = imageName + "@" + digestOf(archive)
	}
	Expect(images[former]).To(Equal(shown("image")), "built again from its commit")
	images[broken] = images[next]
	before := map[string]string{oldest: "", former: oldest, next: former, broken: next}
	for version, image := range images {
		made := filepath.Join(directory, version)
		if version == former {
			Expect(os.CopyFS(made, os.DirFS(filepath.Join(root(), "bin", "olm-images", "released", "bundle")))).To(Succeed())
		} else {
			generate(version, before[version], image, made)
		}
		withMonitoring[version] = bundle{name: "zen-lead.v" + version, directory: filepath.Join(made, "prometheus"), image: image}
		core[version] = bundle{name: "zen-lead.v" + version + "-core", directory: filepath.Join(made, "core"), image: image}
	}
	for _, variant := range []map[string]bundle{withMonitoring, core} {
		for version, replaced := range before {
			made := variant[version]
			if replaced != "" {
				made.replaces = variant[replaced].name
				made.skipRange = ">=" + oldest + " <" + version // as in the catalog that is shipped
			}
			variant[version] = made
		}
		edit(variant[broken], "path: /readyz", "path: /never")
	}
	for _, version := range []string{oldest, former} { // so that its rules differ from next's
		edit(withMonitoring[version], currentAlert, formerAlert)
	}
}

// shown is what bin/bundle says of the newest release.
func shown(what string) string {
	GinkgoHelper()
	return strings.TrimSpace(run(nil, "env", "-C", root(), filepath.Join(root(), "bin", "bundle"), "show", what))
}

// minorAfter is the minor version that follows one.
func minorAfter(version string) string {
	GinkgoHelper()
	parsed, err := utilversion.ParseSemantic(version)
	Expect(err).NotTo(HaveOccurred())
	return parsed.WithMinor(parsed.Minor() + 1).WithPatch(0).String()
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
