package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
)

// file is one of an archive.
type file struct {
	name, path string
	mode       int64
}

// writeArchive writes a platform's archive and returns its checksum. Times and owners are left out, so that the same files make the same bytes.
func writeArchive(path, program, binary, source string) (string, error) {
	packed := &bytes.Buffer{}
	compressed, err := gzip.NewWriterLevel(packed, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	archive := tar.NewWriter(compressed)
	for _, f := range []file{
		{program, binary, 0o755},
		{"kubectl_complete-zen_lead", filepath.Join(source, "cmd/kubectl-zen_lead/krew/kubectl_complete-zen_lead"), 0o755},
		{"LICENSE", filepath.Join(source, "LICENSE"), 0o644},
		{"THIRD-PARTY-NOTICES.txt", filepath.Join(source, "THIRD-PARTY-NOTICES.txt"), 0o644},
	} {
		if err := add(archive, f); err != nil {
			return "", err
		}
	}
	if err := archive.Close(); err != nil {
		return "", err
	}
	if err := compressed.Close(); err != nil {
		return "", err
	}
	checksum := sha256.Sum256(packed.Bytes())
	return hex.EncodeToString(checksum[:]), os.WriteFile(path, packed.Bytes(), 0o600)
}

func add(archive *tar.Writer, f file) error {
	content, err := os.ReadFile(filepath.Clean(f.path))
	if err != nil {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(content)), Format: tar.FormatUSTAR}); err != nil {
		return err
	}
	_, err = archive.Write(content)
	return err
}
