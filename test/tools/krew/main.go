package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// released is where archives are published.
const released = "https://github.com/zen-lead/zen-lead/releases/download/"

// platform is one that there is an archive for.
type platform struct{ os, architecture string }

// platforms are all of them, in the manifest's order.
func platforms() []platform {
	var all []platform
	for _, os := range []string{"linux", "darwin", "windows"} {
		for _, architecture := range []string{"amd64", "arm64"} {
			all = append(all, platform{os, architecture})
		}
	}
	return all
}

// exe is how names of programs end there.
func (p platform) exe() string {
	if p.os == "windows" {
		return ".exe"
	}
	return ""
}

// program is what the plugin is called there.
func (p platform) program() string { return "kubectl-zen_lead" + p.exe() }

// archive is its archive's name.
func (p platform) archive(version string) string {
	return fmt.Sprintf("kubectl-zen_lead_v%s_%s_%s.tar.gz", version, p.os, p.architecture)
}

// in fills a pattern of a path in.
func (p platform) in(pattern string) string {
	return strings.NewReplacer("{os}", p.os, "{arch}", p.architecture, "{exe}", p.exe()).Replace(pattern)
}

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "krew:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	flags := flag.NewFlagSet("krew", flag.ContinueOnError)
	version := flags.String("version", "", "version of the plugin, without v")
	binaries := flags.String("binaries", "", "pattern of the programs' paths, with {os}, {arch} and {exe}")
	output := flags.String("output", "", "folder for archives and manifest")
	source := flags.String("source", ".", "root of the repository")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *version == "" || *binaries == "" || *output == "" || flags.NArg() > 0 {
		return errors.New("-version, -binaries and -output are needed, and nothing else")
	}
	checksums := map[platform]string{}
	for _, p := range platforms() {
		path := filepath.Join(*output, p.archive(*version))
		var err error
		if checksums[p], err = writeArchive(path, p.program(), p.in(*binaries), *source); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	manifest, err := manifestOf(filepath.Join(*source, "cmd/kubectl-zen_lead/krew/plugin.yaml"), *version, checksums)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(*output, "zen-lead.yaml"), manifest, 0o600)
}
