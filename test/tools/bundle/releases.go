package main

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/blang/semver/v4"
	"sigs.k8s.io/yaml"
)

const releasesHeader = "# What was released, oldest first. Written by `make release`, but for `deprecated`, which is yours.\n"

// firstVersion is where every upgrade may begin.
const firstVersion = "0.1.0"

// releases are what bundle/releases.yaml records, oldest first.
type releases struct {
	Releases []release `json:"releases"`
}

// release is one of them.
type release struct {
	Version string `json:"version"`
	// Commit is what the image was built from, the one before the commit that records it.
	Commit string `json:"commit"`
	// Created is that commit's time.
	Created string `json:"created"`
	// Image is named by its digest.
	Image string `json:"image"`
	// SBOM is the digest of its bill of materials; those before 0.3.0 have none.
	SBOM string `json:"sbom,omitempty"`
	// Bundles are the digests of the bundles' images, by variant. What was released stays as it was, whatever becomes of config/ afterwards.
	Bundles map[string]string `json:"bundles,omitempty"`
	// Deprecated is why nobody should install it any more; written by hand.
	Deprecated string `json:"deprecated,omitempty"`

	replaces string // the version of the release before
}

func readReleases(path string) (*releases, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	read := &releases{}
	if err := yaml.UnmarshalStrict(content, read); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := read.judge(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return read, nil
}

var (
	releasedImage  = regexp.MustCompile(`^ghcr\.io/zen-lead/zen-lead@sha256:[0-9a-f]{64}$`)
	releasedCommit = regexp.MustCompile(`^[0-9a-f]{40}$`)
	releasedDigest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// judge says what is wrong with a record: each release is newer than the one before, and says what it was made of.
func (r *releases) judge() error {
	before := semver.Version{}
	for i, recorded := range r.Releases {
		version, err := semver.Parse(recorded.Version)
		_, createdErr := time.Parse(time.RFC3339, recorded.Created)
		switch {
		case err != nil || len(version.Pre) > 0 || len(version.Build) > 0:
			return fmt.Errorf("version %q is not like 1.2.3", recorded.Version)
		case i > 0 && !version.GT(before):
			return fmt.Errorf("version %s does not come after %s", version, before)
		case !releasedCommit.MatchString(recorded.Commit):
			return fmt.Errorf("%s: commit %q is not 40 hexadecimal digits", version, recorded.Commit)
		case !releasedImage.MatchString(recorded.Image):
			return fmt.Errorf("%s: image %q is not ghcr.io/zen-lead/zen-lead by its digest", version, recorded.Image)
		case createdErr != nil:
			return fmt.Errorf("%s: created: %w", version, createdErr)
		case recorded.SBOM != "" && !releasedDigest.MatchString(recorded.SBOM):
			return fmt.Errorf("%s: SBOM %q is no digest", version, recorded.SBOM)
		}
		for name, digest := range recorded.Bundles {
			if !releasedDigest.MatchString(digest) {
				return fmt.Errorf("%s: bundle %s: %q is no digest", version, name, digest)
			}
		}
		before = version
	}
	return nil
}

// record adds a release. That of a version that is there already is replaced only if again is set, and only if it is the newest: it has
// not been published then.
func (r *releases) record(made release, again bool) error {
	for i, recorded := range r.Releases {
		if recorded.Version != made.Version {
			continue
		}
		if !again || i < len(r.Releases)-1 {
			return fmt.Errorf("%s is released, of commit %s; the newest one may be made AGAIN=1 as long as it is not published", made.Version, recorded.Commit)
		}
		made.Deprecated = recorded.Deprecated
		r.Releases[i] = made
		return r.judge()
	}
	r.Releases = append(r.Releases, made)
	return r.judge()
}

func (r *releases) write(path string) error {
	content, err := yaml.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte(releasesHeader), content...), 0o644)
}

func (r *releases) newest() release {
	if len(r.Releases) == 0 {
		return release{}
	}
	newest := r.Releases[len(r.Releases)-1]
	if count := len(r.Releases); count > 1 {
		newest.replaces = r.Releases[count-2].Version
	}
	return newest
}

// with is the release with what was given in place of what was recorded.
func (r release) with(given release) release {
	if given.Version != "" && r.Version != "" && given.Version != r.Version {
		r.replaces = r.Version
	}
	return release{
		Version: cmp.Or(given.Version, r.Version), Commit: r.Commit, Created: cmp.Or(given.Created, r.Created),
		Image: cmp.Or(given.Image, r.Image), replaces: cmp.Or(given.replaces, r.replaces),
	}
}
