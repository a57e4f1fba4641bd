// Command cp copies one file with its mode. OLM expects a cp in the image of its utilities, and calls it as `cp -Rv FROM TO`; our image
// of them holds no other program of a distribution.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	flag.Bool("Rv", false, "accepted; only a file can be copied")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: cp [-Rv] FROM TO")
		os.Exit(2)
	}
	if err := copyFile(flag.Arg(0), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, "cp:", err)
		os.Exit(1)
	}
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, info.Mode().Perm())
}
