package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	err := run(os.Args[1:], os.Getenv("SOURCE_DATE_EPOCH"))
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(arguments []string, epoch string) error {
	options, err := parseOptions(arguments, epoch)
	if err != nil {
		return err
	}
	made, err := newContent(options)
	if err != nil {
		return fmt.Errorf("making %s: %w", options.tag, err)
	}
	if err := writeLayout(made, options); err != nil {
		return fmt.Errorf("writing %s: %w", options.output, err)
	}
	if !options.printDigest {
		return nil
	}
	digest, err := made.Digest()
	if err != nil {
		return err
	}
	_, err = fmt.Println(digest)
	return err
}
