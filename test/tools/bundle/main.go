package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	err := run(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("say what to do: generate or validate")
	}
	switch command, rest := arguments[0], arguments[1:]; command {
	case "generate":
		return runGenerate(rest)
	case "validate":
		return runValidate(rest)
	default:
		return fmt.Errorf("%q is not generate or validate", command)
	}
}

func runGenerate(arguments []string) error {
	var given release
	flags := flag.NewFlagSet("bundle generate", flag.ContinueOnError)
	record := flags.String("releases", "bundle/releases.yaml", "what was released; the newest is what is bundled")
	config := flags.String("config", "config/manifests", "folder of the variants' kustomizations")
	output := flags.String("output", "bundle", "folder that gets a folder for each variant")
	only := flags.String("variant", "", "one variant only; both without it")
	flags.StringVar(&given.Version, "version", "", "version, if another than the newest release's")
	flags.StringVar(&given.Image, "image", "", "image, if another")
	flags.StringVar(&given.Created, "created", "", "time of creation, if another")
	flags.StringVar(&given.replaces, "replaces", "", "version that this one replaces, if another than the release before")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	releases, err := readReleases(*record)
	if err != nil {
		return err
	}
	chosen := releases.newest().with(given)
	for _, v := range variants {
		if *only != "" && v.name != *only {
			continue
		}
		if err := generate(v, chosen, filepath.Join(*config, v.name), filepath.Join(*output, v.name)); err != nil {
			return fmt.Errorf("bundle %s: %w", v.name, err)
		}
	}
	return nil
}

// runValidate prints what there is to say and fails if that is more than nothing.
func runValidate(directories []string) error {
	var problems []string
	for _, directory := range directories {
		found, err := validate(directory)
		if err != nil {
			return err
		}
		problems = append(problems, found...)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d problems:\n%s", len(problems), strings.Join(problems, "\n"))
	}
	return nil
}
