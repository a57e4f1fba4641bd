package olm

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// server serves one catalog after the other at the same address, as a catalog's image is replaced by a newer one.
type server struct {
	process *process
	port    string
}

// served is what OLM's `catalog` asks.
var served = &server{}

func (s *server) stop() {
	if s.process != nil {
		s.process.stop()
	}
}

// offer serves a catalog in place of what was served.
func (s *server) offer(directory string) {
	GinkgoHelper()
	run(nil, filepath.Join(programs(), "opm"), "validate", directory)
	s.stop()
	if s.port == "" {
		s.port = freePort()
	}
	s.process = start("opm", "serve", directory, "--port", s.port, "--pprof-addr", "127.0.0.1:0",
		"--cache-dir", filepath.Join(GinkgoT().TempDir(), "cache"), "--cache-enforce-integrity=false",
		"--termination-log", filepath.Join(logs, "opm-termination.log"))
	apply(`
apiVersion: operators.coreos.com/v1alpha1
kind: CatalogSource
metadata: {name: ` + catalogName + `, namespace: ` + catalogNamespace + `}
spec: {sourceType: grpc, address: "127.0.0.1:` + s.port + `", displayName: Zen-Lead, publisher: Zen-Lead}
`)
	Eventually(field("catalogsource", catalogNamespace, catalogName, "{.status.connectionState.lastObservedState}")).Should(Equal("READY"))
}

// channel is one of a catalog, with its bundles.
type channel struct {
	name    string
	bundles []bundle
}

// deprecation is what a catalog says of a bundle.
type deprecation struct {
	bundle, message string
}

// catalog writes a catalog (file-based, https://olm.operatorframework.io/docs/reference/file-based-catalogs/) and returns its folder.
// All manifests are in it, so that OLM has to pull no bundle's image.
func catalog(channels []channel, deprecations ...deprecation) string {
	GinkgoHelper()
	content := &bytes.Buffer{}
	write := func(blob any) {
		Expect(json.NewEncoder(content).Encode(blob)).To(Succeed())
	}
	write(map[string]any{"schema": "olm.package", "name": packageName, "defaultChannel": channels[0].name})
	rendered := map[string]bool{}
	for _, channel := range channels {
		var entries []map[string]any
		for _, bundle := range channel.bundles {
			entry := map[string]any{"name": bundle.name}
			if bundle.replaces != "" && len(entries) > 0 {
				entry["replaces"], entry["skipRange"] = bundle.replaces, bundle.skipRange
			}
			entries = append(entries, entry)
			if !rendered[bundle.name] {
				rendered[bundle.name] = true
				content.WriteString(run(nil, filepath.Join(programs(), "opm"), "render", bundle.directory))
			}
		}
		write(map[string]any{"schema": "olm.channel", "package": packageName, "name": channel.name, "entries": entries})
	}
	if len(deprecations) > 0 {
		var entries []map[string]any
		for _, deprecated := range deprecations {
			entries = append(entries, map[string]any{
				"reference": map[string]string{"schema": "olm.bundle", "name": deprecated.bundle}, "message": deprecated.message,
			})
		}
		write(map[string]any{"schema": "olm.deprecations", "package": packageName, "entries": entries})
	}
	directory := GinkgoT().TempDir()
	Expect(os.WriteFile(filepath.Join(directory, "catalog.json"), content.Bytes(), 0o600)).To(Succeed())
	return directory
}

// stable is a catalog of one channel.
func stable(bundles ...bundle) string {
	GinkgoHelper()
	return catalog([]channel{{"stable", bundles}})
}

// field returns a poll of a field of an object, by a JSONPath; it is empty where there is no such object.
func field(kind, namespace, name, path string) func() string {
	return func() string {
		GinkgoHelper()
		return kubectl("get", kind, "-n", namespace, name, "--ignore-not-found", "-o", "jsonpath="+path)
	}
}
