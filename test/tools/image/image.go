package main

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// content is an image, or an index of several.
type content interface {
	Digest() (v1.Hash, error)
}

// newContent makes what was asked for: an image, or with several platforms an index.
func newContent(o *options) (content, error) {
	if len(o.platforms) == 1 {
		return newImage(o, o.platforms[0])
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, platform := range o.platforms {
		image, err := newImage(o, platform)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", platform, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &platform}})
	}
	// Registries show what an index says of itself, and do not look into its images.
	return mutate.Annotations(index, o.labels).(v1.ImageIndex), nil
}

// newImage makes an OCI image of one layer.
func newImage(o *options, platform v1.Platform) (v1.Image, error) {
	files, err := filesFor(o.files, platform)
	if err != nil {
		return nil, err
	}
	if err := o.checkEntrypoint(files); err != nil {
		return nil, err
	}
	layer, err := newLayer(files, o.created)
	if err != nil {
		return nil, fmt.Errorf("making the layer: %w", err)
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	base, err = mutate.ConfigFile(base, &v1.ConfigFile{
		OS: platform.OS, Architecture: platform.Architecture, Variant: platform.Variant,
		Created: v1.Time{Time: o.created},
		RootFS:  v1.RootFS{Type: "layers"},
		Config: v1.Config{
			Entrypoint: entrypointOf(o),
			Cmd:        o.command,
			User:       o.user,
			Env:        o.env,
			Labels:     o.labels,
		},
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(base, mutate.Addendum{
		Layer: layer, History: v1.History{Created: v1.Time{Time: o.created}, CreatedBy: "zen-lead test/tools/image"},
	})
}

func entrypointOf(o *options) []string {
	if o.entrypoint == "" {
		return nil
	}
	return []string{o.entrypoint}
}
