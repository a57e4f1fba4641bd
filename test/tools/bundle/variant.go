package main

import "strings"

// packageName is the product's in every catalog.
const packageName = "zen-lead"

// variant is one of the bundles that a release has. OLM knows no optional objects (an InstallPlan's step has a field for that, which
// nothing reads), and cannot install a bundle with objects of kinds that a cluster does not have.
type variant struct {
	// name is its folder's in bundle/ and in config/manifests.
	name string
	// build tells its version from that of other variants, which a catalog wants to differ. It has no meaning in the order of versions.
	// Source: https://semver.org/#spec-item-10
	build string
	// channels are those that it is in.
	channels []string
}

// defaultChannel is the package's, whichever variant says so.
const defaultChannel = "stable"

var variants = []variant{
	{name: "prometheus", channels: []string{defaultChannel, "candidate"}},
	{name: "core", build: "core", channels: []string{"stable-core"}},
}

// version is a release's of this variant.
func (v variant) version(of string) string {
	if v.build == "" {
		return of
	}
	return of + "+" + v.build
}

// csvName is the ClusterServiceVersion's. A plus sign is allowed in versions, but not in names.
func (v variant) csvName(version string) string {
	return packageName + ".v" + strings.ReplaceAll(v.version(version), "+", "-")
}
