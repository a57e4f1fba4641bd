package main

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// addFile adds a file to an archive as root's, with the time given.
func addFile(archive *tar.Writer, f file, mode int64, created time.Time) error {
	source, err := os.Open(f.source)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	info, err := source.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", f.source)
	}
	if err := archive.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: strings.TrimPrefix(f.target, "/"), Size: info.Size(),
		Mode: mode, ModTime: created, Format: tar.FormatPAX,
	}); err != nil {
		return err
	}
	_, err = io.Copy(archive, source)
	return err
}

// addDirectory adds a directory to an archive as root's.
func addDirectory(archive *tar.Writer, target string, created time.Time) error {
	return archive.WriteHeader(&tar.Header{
		Typeflag: tar.TypeDir, Name: strings.TrimPrefix(target, "/") + "/",
		Mode: 0o755, ModTime: created, Format: tar.FormatPAX,
	})
}
