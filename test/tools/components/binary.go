package main

import (
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// binary is what the linker wrote into one.
type binary struct {
	// module is its own, pkg the path of its package there.
	module, pkg      string
	os, architecture string
	checksum         string
	dependencies     []dependency
}

// dependency is a module in a binary, or the standard library.
type dependency struct {
	path, version string
	// checksum is that of go.sum, in hexadecimal; the standard library has none.
	checksum string
}

func readBinary(path string) (binary, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return binary{}, err
	}
	checksum, err := checksumOf(path)
	if err != nil {
		return binary{}, err
	}
	read := binary{module: info.Main.Path, pkg: strings.TrimPrefix(strings.TrimPrefix(info.Path, info.Main.Path), "/"), checksum: checksum}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "GOOS":
			read.os = setting.Value
		case "GOARCH":
			read.architecture = setting.Value
		}
	}
	toolchain, _, _ := strings.Cut(strings.TrimPrefix(info.GoVersion, "go"), " ")
	read.dependencies = append(read.dependencies, dependency{path: standardLibrary, version: toolchain})
	for _, linked := range info.Deps {
		if linked.Replace != nil {
			return binary{}, fmt.Errorf("%s: %s is replaced: nobody else could get it", path, linked.Path)
		}
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(linked.Sum, "h1:"))
		if err != nil {
			return binary{}, fmt.Errorf("%s: %s: checksum %q: %w", path, linked.Path, linked.Sum, err)
		}
		read.dependencies = append(read.dependencies, dependency{linked.Path, linked.Version, hex.EncodeToString(sum)})
	}
	return read, nil
}
