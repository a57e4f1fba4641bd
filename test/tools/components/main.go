package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// source is where the source is, and operator and plugin are the packages there of what is shipped.
const (
	source   = "."
	operator = "./cmd/zen-lead"
	plugin   = "./cmd/kubectl-zen_lead"
)

func main() {
	err := run(os.Stdout, os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "components:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("say what to write: licenses, notices or sbom")
	}
	switch arguments[0] {
	case "licenses":
		return writeLicenses(out, source)
	case "notices":
		return writeNotices(out, source)
	case "sbom":
		return runSBOM(out, arguments[1:])
	}
	return fmt.Errorf("%q is not licenses, notices or sbom", arguments[0])
}

func runSBOM(out io.Writer, arguments []string) error {
	flags := flag.NewFlagSet("components sbom", flag.ContinueOnError)
	described := image{}
	flags.StringVar(&described.version, "version", "", "version of the operator")
	flags.StringVar(&described.name, "image", "", "image that the binaries are in, by its digest")
	flags.StringVar(&described.created, "created", "", "time of creation, RFC 3339")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if described.version == "" || !strings.Contains(described.name, "@") || described.created == "" || flags.NArg() == 0 {
		return errors.New("-version, -image with its digest, -created and binaries are needed")
	}
	return writeSBOM(out, source, described, flags.Args())
}
