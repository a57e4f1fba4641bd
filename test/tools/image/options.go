package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// options say what goes into an image and where the image goes.
type options struct {
	// tag is the image's name, as short as a user writes it: zen-lead:dev.
	tag string
	// output is a directory or, where it ends in .tar, an archive.
	output string
	// entrypoint is the program that a container runs, command its arguments.
	entrypoint string
	command    []string
	// user is what the program runs as: numeric uid:gid.
	user      string
	platforms []v1.Platform
	labels    map[string]string
	// env are the variables as KEY=value.
	env []string
	// files are those on the command line; their sources may name a platform, or be directories.
	files []file
	// printDigest is whether to print the digest of what was made.
	printDigest bool
	// created is the time of everything in the image.
	created time.Time
}

// file is one that goes into the image.
type file struct {
	// source is its path on this machine.
	source string
	// target is its absolute path in the image.
	target string
}

func parseOptions(arguments []string, epoch string) (*options, error) {
	o := &options{labels: map[string]string{}, created: time.Unix(0, 0).UTC()}
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	flags.StringVar(&o.tag, "tag", "", "name and tag of the image")
	flags.StringVar(&o.output, "output", "", "directory, or archive if it ends in .tar; what is there is replaced")
	flags.StringVar(&o.entrypoint, "entrypoint", "", "program to run, an absolute path in the image; none for an image that is only read")
	flags.Func("command", "argument of the program; may be repeated", func(argument string) error {
		o.command = append(o.command, argument)
		return nil
	})
	flags.StringVar(&o.user, "user", "65532:65532", "uid:gid that the program runs as")
	flags.BoolVar(&o.printDigest, "print-digest", false, "print the digest of the image, or of the index of several")
	flags.Func("platform", "os/architecture of the files, linux/"+runtime.GOARCH+" by default; may be repeated", func(platform string) error {
		parsed, err := v1.ParsePlatform(platform)
		if err != nil {
			return err
		}
		o.platforms = append(o.platforms, *parsed)
		return nil
	})
	flags.Func("label", "label of the image, key=value; may be repeated", func(pair string) error {
		key, value, found := strings.Cut(pair, "=")
		if !found || key == "" {
			return errors.New("not key=value")
		}
		o.labels[key] = value
		return nil
	})
	flags.Func("env", "environment variable, KEY=value; may be repeated", func(pair string) error {
		if key, _, found := strings.Cut(pair, "="); !found || key == "" {
			return errors.New("not KEY=value")
		}
		o.env = append(o.env, pair)
		return nil
	})
	flags.SetOutput(io.Discard) // the error says it all, in one line
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(os.Stdout)
			fmt.Println("image [flags] path=/path/in/the/image...")
			flags.PrintDefaults()
		}
		return nil, err
	}
	if len(o.platforms) == 0 {
		o.platforms = []v1.Platform{{OS: "linux", Architecture: runtime.GOARCH}}
	}
	if err := o.parseEpoch(epoch); err != nil {
		return nil, err
	}
	if err := o.parseFiles(flags.Args()); err != nil {
		return nil, err
	}
	return o, o.check()
}

func (o *options) parseEpoch(epoch string) error {
	if epoch == "" {
		return nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH must be seconds since 1970, not %q", epoch)
	}
	o.created = time.Unix(seconds, 0).UTC()
	return nil
}

func (o *options) parseFiles(arguments []string) error {
	targets := map[string]bool{}
	for _, argument := range arguments {
		source, target, _ := strings.Cut(argument, "=")
		if source == "" || !path.IsAbs(target) || path.Clean(target) != target || target == "/" {
			return fmt.Errorf("%q is not path=/absolute/path/in/the/image", argument)
		}
		if targets[target] {
			return fmt.Errorf("%s is there twice", target)
		}
		targets[target] = true
		o.files = append(o.files, file{source: source, target: target})
	}
	return nil
}

func (o *options) check() error {
	switch {
	case o.tag == "" || o.output == "":
		return errors.New("-tag and -output are needed")
	case len(o.files) == 0:
		return errors.New("no files: name at least one as path=/path/in/the/image")
	case !isNumericUser(o.user):
		return fmt.Errorf("-user must be uid:gid in numbers, not %q", o.user)
	}
	return nil
}

// checkEntrypoint is about the files of one image.
func (o *options) checkEntrypoint(files []file) error {
	if o.entrypoint == "" || slices.ContainsFunc(files, func(f file) bool { return f.target == o.entrypoint }) {
		return nil
	}
	return fmt.Errorf("-entrypoint %s is none of the files", o.entrypoint)
}

// isNumericUser is whether the kubelet can tell from the image that a user is not root: it does not read /etc/passwd.
// Source: https://kubernetes.io/docs/tasks/configure-pod-container/security-context/ (runAsNonRoot).
func isNumericUser(user string) bool {
	uid, gid, found := strings.Cut(user, ":")
	for _, id := range []string{uid, gid} {
		if _, err := strconv.ParseUint(id, 10, 31); err != nil {
			return false
		}
	}
	return found
}
