package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// standardLibrary stands for Go's library and runtime, which are in every binary and no module. Vulnerability databases and package URLs
// name it so, too: https://go.dev/security/vuln/database#schema
const standardLibrary = "stdlib"

// target is a program and what it is made for. What is linked may depend on that.
type target struct{ pkg, os, architecture string }

// targets are all that are shipped: the operator in its image, and kubectl's plugin.
func targets() []target {
	var all []target
	for _, architecture := range []string{"amd64", "arm64"} {
		all = append(all, target{operator, "linux", architecture})
		for _, os := range []string{"linux", "darwin", "windows"} {
			all = append(all, target{plugin, os, architecture})
		}
	}
	return all
}

// module is one that is linked into the operator or the plugin, or the standard library.
type module struct {
	path string
	// files are the licence files that govern what is linked of it.
	files []licenseFile
}

// listed is what `go list` says of a package.
type listed struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Dir string
		Main      bool
		Replace   *struct{ Path string }
	}
}

// linkedModules are the modules that operator and plugin are linked from, in the order of their paths, without themselves.
func linkedModules(directory string) ([]module, error) {
	folders := map[string]map[string]string{} // by module and folder: the file's name for readers
	for _, made := range targets() {
		packages, err := listPackages(directory, made)
		if err != nil {
			return nil, err
		}
		for _, found := range packages {
			if err := addFolders(folders, found); err != nil {
				return nil, err
			}
		}
	}
	root, err := goCommand(directory, nil, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	folders[standardLibrary] = map[string]string{strings.TrimSpace(string(root)): ""}
	modules := make([]module, 0, len(folders))
	for path, inside := range folders {
		files, err := readLicenseFiles(inside)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		modules = append(modules, module{path: path, files: files})
	}
	slices.SortFunc(modules, func(a, b module) int { return cmp.Compare(a.path, b.path) })
	return modules, nil
}

// addFolders notes a package's folder and those above it, up to its module's: a licence file governs what is below it.
func addFolders(folders map[string]map[string]string, found listed) error {
	switch {
	case found.Standard || found.Module != nil && found.Module.Main:
		return nil
	case found.Module == nil || found.Module.Replace != nil:
		return fmt.Errorf("%s is of no module, or of one that is replaced: nobody else could get it", found.Dir)
	}
	inside := folders[found.Module.Path]
	if inside == nil {
		inside = map[string]string{}
		folders[found.Module.Path] = inside
	}
	for folder := found.Dir; ; folder = filepath.Dir(folder) {
		relative, err := filepath.Rel(found.Module.Dir, folder)
		if err != nil || strings.HasPrefix(relative, "..") {
			return errors.Join(fmt.Errorf("%s is not in %s", folder, found.Module.Dir), err)
		}
		inside[folder] = strings.TrimPrefix(filepath.ToSlash(relative), ".")
		if relative == "." {
			return nil
		}
	}
}

func listPackages(directory string, made target) ([]listed, error) {
	out, err := goCommand(directory, []string{"GOOS=" + made.os, "GOARCH=" + made.architecture, "CGO_ENABLED=0"},
		"list", "-deps", "-json=Dir,Standard,Module", made.pkg)
	if err != nil {
		return nil, err
	}
	var packages []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var found listed
		err := decoder.Decode(&found)
		if errors.Is(err, io.EOF) {
			return packages, nil
		}
		if err != nil {
			return nil, err
		}
		packages = append(packages, found)
	}
}

func goCommand(directory string, environment []string, arguments ...string) ([]byte, error) {
	command := exec.Command("go", arguments...)
	command.Dir = directory
	command.Env = append(os.Environ(), environment...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w", strings.Join(arguments, " "), err)
	}
	return out, nil
}
