package main

import (
	"archive/tar"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// Annotations of an index's entry that name the image. containerd prefers its own, others know only that of the OCI.
// Source: https://github.com/containerd/containerd/blob/main/core/images/annotations.go and
// https://github.com/opencontainers/image-spec/blob/main/annotations.md
const (
	annotationContainerdName = "io.containerd.image.name"
	annotationRefName        = "org.opencontainers.image.ref.name"
)

// writeLayout writes the image as an OCI image layout, a directory or an archive of one, in place of what is there.
func writeLayout(made content, o *options) error {
	if strings.HasSuffix(o.output, ".tar") {
		return writeArchive(made, o)
	}
	// Only a layout is replaced: a mistyped -output must not cost anybody a directory.
	if _, err := os.Stat(filepath.Join(o.output, "oci-layout")); err == nil {
		if err := os.RemoveAll(o.output); err != nil {
			return err
		}
	}
	return writeDirectory(made, o, o.output)
}

func writeDirectory(made content, o *options, directory string) error {
	canonical, err := canonicalName(o.tag)
	if err != nil {
		return err
	}
	written, err := layout.Write(directory, empty.Index)
	if err != nil {
		return err
	}
	names := layout.WithAnnotations(map[string]string{annotationContainerdName: canonical, annotationRefName: canonical})
	if index, several := made.(v1.ImageIndex); several {
		return written.AppendIndex(index, names)
	}
	return written.AppendImage(made.(v1.Image), layout.WithPlatform(o.platforms[0]), names)
}

// canonicalName is the name by which the kubelet asks the container runtime for an image: with registry and tag.
func canonicalName(tag string) (string, error) {
	parsed, err := name.NewTag(tag)
	if err != nil {
		return "", err
	}
	// go-containerregistry calls Docker Hub by its host name, container runtimes do not.
	if rest, found := strings.CutPrefix(parsed.Name(), name.DefaultRegistry+"/"); found {
		return "docker.io/" + rest, nil
	}
	return parsed.Name(), nil
}

// writeArchive writes the layout next to the archive first, so that an archive is there whole or not at all.
func writeArchive(made content, o *options) error {
	if err := os.MkdirAll(filepath.Dir(o.output), 0o755); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(filepath.Dir(o.output), ".image-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	directory, archive := filepath.Join(temporary, "layout"), filepath.Join(temporary, "layout.tar")
	if err := writeDirectory(made, o, directory); err != nil {
		return err
	}
	if err := pack(directory, archive, o.created); err != nil {
		return err
	}
	return os.Rename(archive, o.output)
}

// pack puts a directory's files into an archive, in the order of their names.
func pack(directory, target string, created time.Time) error {
	out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	archive := tar.NewWriter(out)
	err = filepath.WalkDir(directory, func(found string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(directory, found)
		if err != nil {
			return err
		}
		return addFile(archive, file{source: found, target: filepath.ToSlash(relative)}, 0o644, created)
	})
	if err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return out.Close()
}
