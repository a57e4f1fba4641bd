// Package jumpy builds the operator's binary as it is, but for one thing: its wall clock jumps when it is told to by a signal, as a machine's does
// when somebody sets it. Nothing but package time differs, so that all parts of the process see the jump: the Go toolchain is told to
// compile other files in place of time.go and beside main.go (its flag -overlay). Clocks of durations do not jump, as in reality.
package jumpy

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Forward and Back are the signals that have the clock of such a process jump, by an hour.
const (
	Forward = syscall.SIGUSR1
	Back    = syscall.SIGUSR2
)

const (
	// reads is the line of time.Now that asks the system what time it is.
	reads = "	sec, nsec, mono := runtimeNow()\n	if mono == 0 {"
	jumps = "	sec, nsec, mono := runtimeNow()\n	sec += Jumped.Load()\n	if mono == 0 {"
	// imports are those of time.go.
	imports = "import (\n\t\"errors\"\n"

	listener = `package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

func init() {
	signals := make(chan os.Signal, 64)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		for told := range signals {
			if told == syscall.SIGUSR1 {
				time.Jumped.Add(3600)
			} else {
				time.Jumped.Add(-3600)
			}
		}
	}()
}
`
)

// Build builds it of the module in a directory, and returns its path in another one.
func Build(ctx context.Context, module, into string, output io.Writer) (string, error) {
	module, err := filepath.Abs(module)
	if err != nil {
		return "", err
	}
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("looking for Go: %w", err)
	}
	original := filepath.Join(strings.TrimSpace(string(root)), "src/time/time.go")
	source, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	changed, err := withJumps(string(source))
	if err != nil {
		return "", fmt.Errorf("%s: %w", original, err)
	}
	replaced := map[string]string{original: filepath.Join(into, "time.go"), filepath.Join(module, "cmd/zen-lead/jumps.go"): filepath.Join(into, "jumps.go")}
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", err
	}
	for name, content := range map[string]string{"time.go": changed, "jumps.go": listener, "overlay.json": string(overlay)} {
		if err := os.WriteFile(filepath.Join(into, name), []byte(content), 0o600); err != nil {
			return "", err
		}
	}
	binary := filepath.Join(into, "zen-lead")
	build := exec.CommandContext(ctx, "go", "build", "-overlay", filepath.Join(into, "overlay.json"), "-o", binary, "./cmd/zen-lead")
	build.Dir, build.Stdout, build.Stderr = module, output, output
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("building the operator with a clock that jumps: %w", err)
	}
	return binary, nil
}

// withJumps is the source of package time with a clock that is as far from the machine's as Jumped says, in seconds.
func withJumps(source string) (string, error) {
	if strings.Count(source, reads) != 1 || strings.Count(source, imports) != 1 {
		return "", fmt.Errorf("this version of Go reads the clock in another way")
	}
	source = strings.Replace(source, reads, jumps, 1)
	source = strings.Replace(source, imports, imports+"\t\"internal/runtime/atomic\"\n", 1)
	return source + "\n// Jumped is by how many seconds the clock has jumped.\nvar Jumped atomic.Int64\n", nil
}
