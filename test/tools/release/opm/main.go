// Command opm builds opm, if it is not there yet, and prints where it is.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/zen-lead/zen-lead/test/binaries"
)

func main() {
	directory, err := binaries.OLM.Build(context.Background(), os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "opm:", err)
		os.Exit(1)
	}
	fmt.Println(filepath.Join(directory, "opm"))
}
