package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/uuid"
	packageurl "github.com/package-url/packageurl-go"
)

// image is what a bill of materials is of.
type image struct {
	// name has the digest in it: registry/repository@sha256:...
	name string
	// version is the operator's, created the time of the image, RFC 3339.
	version, created string
}

// writeSBOM writes the bill of materials of an image: the binaries in it, and the modules that each is linked from. There is nothing else in
// the image but the licences.
func writeSBOM(out io.Writer, directory string, described image, paths []string) error {
	binaries := make([]binary, len(paths))
	for i, path := range paths {
		var err error
		if binaries[i], err = readBinary(path); err != nil {
			return err
		}
	}
	modules, err := linkedModules(directory)
	if err != nil {
		return err
	}
	bill, err := newSBOM(described, binaries, modules)
	if err != nil {
		return err
	}
	return cyclonedx.NewBOMEncoder(out, cyclonedx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bill, cyclonedx.SpecVersion1_6)
}

func newSBOM(described image, binaries []binary, modules []module) (*cyclonedx.BOM, error) {
	whole := imageComponent(described)
	components, programs := map[string]cyclonedx.Component{}, []string{}
	dependencies := []cyclonedx.Dependency{}
	for _, built := range binaries {
		program := built.component(described.version)
		components[program.BOMRef] = program
		programs = append(programs, program.BOMRef)
		var linked []string
		for _, dependency := range built.dependencies {
			component, err := dependency.component(modules)
			if err != nil {
				return nil, err
			}
			components[component.BOMRef] = component
			linked = append(linked, component.BOMRef)
		}
		slices.Sort(linked)
		dependencies = append(dependencies, cyclonedx.Dependency{Ref: program.BOMRef, Dependencies: &linked})
	}
	dependencies = append(dependencies, cyclonedx.Dependency{Ref: whole.BOMRef, Dependencies: &programs})
	sorted := sortedComponents(components)
	bill := cyclonedx.NewBOM()
	// The image's digest makes the number, so that the same image has the same one.
	bill.SerialNumber = uuid.NewSHA1(uuid.NameSpaceURL, []byte(whole.BOMRef)).URN()
	bill.Metadata = &cyclonedx.Metadata{
		Timestamp: described.created, Component: &whole,
		Lifecycles: &[]cyclonedx.Lifecycle{{Phase: cyclonedx.LifecyclePhaseBuild}},
		Tools: &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{
			{Type: cyclonedx.ComponentTypeApplication, Group: "zen-lead", Name: "test/tools/components"},
		}},
	}
	bill.Components, bill.Dependencies = &sorted, &dependencies
	return bill, nil
}

func sortedComponents(components map[string]cyclonedx.Component) []cyclonedx.Component {
	sorted := make([]cyclonedx.Component, 0, len(components))
	for _, component := range components {
		sorted = append(sorted, component)
	}
	slices.SortFunc(sorted, func(a, b cyclonedx.Component) int { return strings.Compare(a.BOMRef, b.BOMRef) })
	return sorted
}

// imageComponent is the image as a whole. Source of its package URL: https://github.com/package-url/purl-spec, type oci.
func imageComponent(described image) cyclonedx.Component {
	repository, digest, _ := strings.Cut(described.name, "@")
	name := repository[strings.LastIndex(repository, "/")+1:]
	url := packageurl.NewPackageURL(packageurl.TypeOCI, "", name, digest,
		packageurl.QualifiersFromMap(map[string]string{"repository_url": repository, "tag": described.version}), "").ToString()
	return cyclonedx.Component{
		BOMRef: url, Type: cyclonedx.ComponentTypeContainer, Name: name, Version: described.version, PackageURL: url, Licenses: declared("Apache-2.0"),
	}
}

// component is the binary, with its own checksum: whoever has the image can compute it.
func (b binary) component(version string) cyclonedx.Component {
	url := golangURL(b.module, "v"+version, map[string]string{"goos": b.os, "goarch": b.architecture}, b.pkg)
	return cyclonedx.Component{
		BOMRef: url, Type: cyclonedx.ComponentTypeApplication, Name: "zen-lead", Version: version, PackageURL: url,
		Description: "for " + b.os + "/" + b.architecture, Licenses: declared("Apache-2.0"),
		Hashes: &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: b.checksum}},
	}
}

// component is a module, with the licences of what is linked of it. Its checksum is that of go.sum, which is a SHA-256 over the checksums of
// the module's files: https://go.dev/ref/mod#go-sum-files
func (d dependency) component(modules []module) (cyclonedx.Component, error) {
	index := slices.IndexFunc(modules, func(m module) bool { return m.path == d.path })
	if index < 0 {
		return cyclonedx.Component{}, fmt.Errorf("%s is linked, but not in the source here: is this the commit that the binary was built from?", d.path)
	}
	url := golangURL(d.path, d.version, nil, "")
	component := cyclonedx.Component{
		BOMRef: url, Type: cyclonedx.ComponentTypeLibrary, Name: d.path, Version: d.version, PackageURL: url,
		Licenses: declared(modules[index].licenses()...),
	}
	if d.checksum != "" {
		component.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: d.checksum}}
	}
	return component, nil
}

func golangURL(path, version string, qualifiers map[string]string, subpath string) string {
	slash := strings.LastIndex(path, "/")
	return packageurl.NewPackageURL(packageurl.TypeGolang, strings.TrimSuffix(path[:slash+1], "/"), path[slash+1:], version,
		packageurl.QualifiersFromMap(qualifiers), subpath).ToString()
}

func declared(identifiers ...string) *cyclonedx.Licenses {
	licenses := cyclonedx.Licenses{}
	for _, identifier := range identifiers {
		licenses = append(licenses, cyclonedx.LicenseChoice{License: &cyclonedx.License{ID: identifier}})
	}
	return &licenses
}

// checksumOf is a file's SHA-256.
func checksumOf(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]), nil
}
