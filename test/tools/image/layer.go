package main

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// newLayer makes a layer of the files and the directories that they are in, all of them root's: the program may read what
// is in its image, and write nothing.
func newLayer(files []file, created time.Time) (v1.Layer, error) {
	files = slices.SortedFunc(slices.Values(files), func(a, b file) int { return strings.Compare(a.target, b.target) })
	content := &bytes.Buffer{}
	archive := tar.NewWriter(content)
	for _, directory := range directoriesOf(files) {
		if err := addDirectory(archive, directory, created); err != nil {
			return nil, err
		}
	}
	for _, f := range files {
		mode, err := modeOf(f)
		if err != nil {
			return nil, err
		}
		if err := addFile(archive, f, mode, created); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
}

// filesFor are the files of a platform: with {os} and {arch} filled in, and directories taken apart.
func filesFor(given []file, platform v1.Platform) ([]file, error) {
	fill := strings.NewReplacer("{os}", platform.OS, "{arch}", platform.Architecture)
	var files []file
	for _, f := range given {
		root := fill.Replace(f.source)
		err := filepath.WalkDir(root, func(found string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			relative, err := filepath.Rel(root, found)
			if err != nil {
				return err
			}
			files = append(files, file{source: found, target: path.Join(f.target, filepath.ToSlash(relative))})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// directoriesOf are the directories above the files, outer ones first.
func directoriesOf(files []file) []string {
	var directories []string
	for _, f := range files {
		for directory := path.Dir(f.target); directory != "/"; directory = path.Dir(directory) {
			directories = append(directories, directory)
		}
	}
	slices.Sort(directories)
	return slices.Compact(directories)
}

// modeOf keeps one thing of a file's mode, whether it can be executed: the rest depends on the umask of who made it.
func modeOf(f file) (int64, error) {
	info, err := os.Stat(f.source)
	if err != nil {
		return 0, err
	}
	if info.Mode().Perm()&0o111 != 0 {
		return 0o755, nil
	}
	return 0o644, nil
}
