package main

import (
	"cmp"
	"fmt"
	"os"

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
	return read, nil
}

// record adds a release, or replaces that of the same version.
func (r *releases) record(made release) {
	for i, recorded := range r.Releases {
		if recorded.Version == made.Version {
			made.Deprecated = recorded.Deprecated
			r.Releases[i] = made
			return
		}
	}
	r.Releases = append(r.Releases, made)
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
