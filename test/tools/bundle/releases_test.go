package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	someDigest = "sha256:" + strings.Repeat("a", 64)
	someCommit = strings.Repeat("b", 40)
)

func made(version string) release {
	return release{Version: version, Commit: someCommit, Created: "2026-11-27T00:00:00Z", Image: "ghcr.io/zen-lead/zen-lead@" + someDigest}
}

func TestARecordThatCannotBeIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		edit func(*release)
		says string
	}{
		"no version":           {func(r *release) { r.Version = "banana" }, `version "banana"`},
		"a preview":            {func(r *release) { r.Version = "0.3.0-rc.1" }, "is not like 1.2.3"},
		"a leading zero":       {func(r *release) { r.Version = "0.03.0" }, "is not like 1.2.3"},
		"older than the last":  {func(r *release) { r.Version = "0.1.5" }, "0.1.5 does not come after 0.2.0"},
		"the same again":       {func(r *release) { r.Version = "0.2.0" }, "0.2.0 does not come after 0.2.0"},
		"an image by tag":      {func(r *release) { r.Image = "ghcr.io/zen-lead/zen-lead:0.3.0" }, "by its digest"},
		"somebody else's":      {func(r *release) { r.Image = "docker.io/evil/x@" + someDigest }, "by its digest"},
		"no commit":            {func(r *release) { r.Commit = "zzz" }, "40 hexadecimal digits"},
		"no time":              {func(r *release) { r.Created = "yesterday" }, "created"},
		"no digest of SBOM":    {func(r *release) { r.SBOM = "x" }, `SBOM "x" is no digest`},
		"no digest of bundles": {func(r *release) { r.Bundles = map[string]string{"core": "x"} }, "is no digest"},
	} {
		t.Run(name, func(t *testing.T) {
			last := made("0.3.0")
			test.edit(&last)
			err := (&releases{[]release{made("0.1.0"), made("0.2.0"), last}}).judge()
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("it says %v", err)
			}
		})
	}
}

func TestAReleaseIsReplacedOnlyIfItIsTheNewestAndMeantToBe(t *testing.T) {
	for _, test := range []struct {
		version    string
		again, may bool
	}{{"0.2.0", false, false}, {"0.2.0", true, true}, {"0.1.0", true, false}, {"0.1.5", true, false}, {"0.3.0", false, true}} {
		recorded := &releases{[]release{made("0.1.0"), made("0.2.0")}}
		if err := recorded.record(made(test.version), test.again); (err == nil) != test.may {
			t.Errorf("%s again=%v: %v", test.version, test.again, err)
		}
	}
}

func TestTheDocsNameTheNewestRelease(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	recorded, err := readReleases(filepath.Join(root, "bundle", "releases.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(?:\?ref=v|newTag: |release-verify VERSION=)([0-9.]+[0-9])`)
	for _, page := range []string{"docs/install.md", "catalog/README.md", "README.md"} {
		content, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range named.FindAllStringSubmatch(string(content), -1) {
			if match[1] != recorded.newest().Version {
				t.Errorf("%s: %s, but the newest release is %s", page, match[0], recorded.newest().Version)
			}
		}
	}
}
