// Command generate writes the parts of the documentation that come from the code and from measurements. Run it in the
// repository's root.
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := errors.Join(writeAnnotations(), writeMetrics(), writeRights(), writeTraffic(), writePerformance(), writeVersions(),
		writeChaos(), writeSoak(), writeChart(), writePlugin()); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}
