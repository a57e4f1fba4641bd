package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// commands are what this program does.
var commands = map[string]func(flags *flag.FlagSet, arguments []string) error{
	"generate":  runGenerate,
	"validate":  runValidate,
	"template":  runTemplate,
	"manifests": runManifests,
	"record":    runRecord,
	"show":      runShow,

	"record-bundle": runRecordBundle,
	"page":          runPage,
}

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
	if len(arguments) == 0 || commands[arguments[0]] == nil {
		return errors.New("say what to do: generate, validate, template, manifests, record, record-bundle, show or page")
	}
	name := arguments[0]
	return commands[name](flag.NewFlagSet("bundle "+name, flag.ContinueOnError), arguments[1:])
}

// recordOf defines the flag that says where releases are recorded.
func recordOf(flags *flag.FlagSet) *string {
	return flags.String("releases", "bundle/releases.yaml", "what was released")
}

// releaseOf defines the flags that describe a release.
func releaseOf(flags *flag.FlagSet) *release {
	given := &release{}
	flags.StringVar(&given.Version, "version", "", "version")
	flags.StringVar(&given.Commit, "commit", "", "commit that the image was built from")
	flags.StringVar(&given.Image, "image", "", "image")
	flags.StringVar(&given.Created, "created", "", "time of creation, RFC 3339")
	flags.StringVar(&given.SBOM, "sbom", "", "digest of the bill of materials")
	return given
}

func runGenerate(flags *flag.FlagSet, arguments []string) error {
	record, given := recordOf(flags), releaseOf(flags)
	flags.StringVar(&given.replaces, "replaces", "", "version that this one replaces, if another than the release before")
	config := flags.String("config", "config/manifests", "folder of the variants' kustomizations")
	output := flags.String("output", "bundle", "folder that gets a folder for each variant")
	only := flags.String("variant", "", "one variant only; both without it")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	recorded, err := readReleases(*record)
	if err != nil {
		return err
	}
	chosen := recorded.newest().with(*given)
	for _, v := range variants {
		if *only != "" && v.name != *only {
			continue
		}
		if err := generate(v, chosen, filepath.Join(*config, v.name), filepath.Join(*output, v.name)); err != nil {
			return fmt.Errorf("variant %s: %w", v.name, err)
		}
	}
	return nil
}

// runValidate fails if there is anything to say.
func runValidate(flags *flag.FlagSet, arguments []string) error {
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	var problems []string
	for _, directory := range flags.Args() {
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

func runTemplate(flags *flag.FlagSet, arguments []string) error {
	record := recordOf(flags)
	config := flags.String("config", "config/manifests", "folder of the variants' kustomizations")
	images := map[string]*string{}
	for _, v := range variants {
		images[v.name] = flags.String(v.name, "", "bundle image of that variant")
	}
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	recorded, err := readReleases(*record)
	if err != nil {
		return err
	}
	given := map[string]string{}
	for name, image := range images {
		given[name] = *image
	}
	content, err := catalogTemplate(recorded, *config, given)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(content)
	return err
}

func runManifests(flags *flag.FlagSet, arguments []string) error {
	given := releaseOf(flags)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	return printManifests(os.Stdout, flags.Arg(0), *given)
}

func runRecord(flags *flag.FlagSet, arguments []string) error {
	record, given := recordOf(flags), releaseOf(flags)
	again := flags.Bool("again", false, "replace the newest release if it is of that version")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if slices.Contains([]string{given.Version, given.Commit, given.Image, given.Created, given.SBOM}, "") {
		return errors.New("-version, -commit, -image, -created and -sbom are needed")
	}
	recorded, err := readReleases(*record)
	if err != nil {
		return err
	}
	if err := recorded.record(*given, *again); err != nil {
		return err
	}
	return recorded.write(*record)
}

// runRecordBundle notes the digest of one of the newest release's bundle images.
func runRecordBundle(flags *flag.FlagSet, arguments []string) error {
	record := recordOf(flags)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	recorded, err := readReleases(*record)
	if err != nil {
		return err
	}
	if len(recorded.Releases) == 0 || flags.NArg() != 2 {
		return errors.New("a variant and a digest are needed, and a release")
	}
	newest := &recorded.Releases[len(recorded.Releases)-1]
	if newest.Bundles == nil {
		newest.Bundles = map[string]string{}
	}
	newest.Bundles[flags.Arg(0)] = flags.Arg(1)
	if err := recorded.judge(); err != nil {
		return err
	}
	return recorded.write(*record)
}

// runShow prints one field of a release, for scripts.
func runShow(flags *flag.FlagSet, arguments []string) error {
	record := recordOf(flags)
	version := flags.String("version", "", "which release; the newest without it")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	recorded, err := readReleases(*record)
	if err != nil {
		return err
	}
	shown := recorded.newest()
	if *version != "" {
		index := slices.IndexFunc(recorded.Releases, func(r release) bool { return r.Version == *version })
		if index < 0 {
			return fmt.Errorf("%s has no release %s", *record, *version)
		}
		shown = recorded.Releases[index]
	}
	if shown.Version == "" {
		return fmt.Errorf("%s has no release", *record)
	}
	fields := map[string]string{"version": shown.Version, "commit": shown.Commit, "created": shown.Created, "image": shown.Image, "sbom": shown.SBOM}
	for _, v := range variants {
		fields[v.name] = shown.Bundles[v.name]
	}
	field, known := fields[flags.Arg(0)]
	if !known {
		return fmt.Errorf("%q is not version, commit, created, image, sbom or a variant", flags.Arg(0))
	}
	_, err = fmt.Println(field)
	return err
}

func runPage(flags *flag.FlagSet, arguments []string) error {
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	return printPage(os.Stdout, flags.Arg(0))
}
