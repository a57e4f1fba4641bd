// Package measurement is what the commands that measure something have in common: which cases they are asked for, where and of what
// they are, and the file that keeps results.
package measurement

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Chosen are the names in a comma-separated list; none for all. It is an error to name what is not known, or nothing at all.
func Chosen(list string, known []string) ([]string, error) {
	if list == "" {
		return nil, nil
	}
	var names []string
	for _, name := range strings.Split(list, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
		case !slices.Contains(known, name):
			return nil, fmt.Errorf("there is no case %q; there are %s", name, strings.Join(known, ", "))
		default:
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%q names no case; there are %s", list, strings.Join(known, ", "))
	}
	return names, nil
}

// ParseFlags parses a command's arguments, which are flags alone. What is wrong is an error of one line; -h prints the flags.
func ParseFlags(flags *flag.FlagSet, arguments []string) error {
	flags.SetOutput(io.Discard)
	err := flags.Parse(arguments)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(os.Stderr)
		flags.PrintDefaults()
	}
	if err == nil && flags.NArg() > 0 {
		return fmt.Errorf("%q is none of the flags", flags.Arg(0))
	}
	return err
}

// CheckRounds refuses a number of rounds that cannot be; 0 is as many as each case asks for.
func CheckRounds(rounds int) error {
	if rounds < 0 {
		return fmt.Errorf("rounds must be at least 1, or 0 for as many as each case asks for, not %d", rounds)
	}
	return nil
}

// Read fills results with what a file has; nothing if there is no such file, or no path.
func Read(path string, results any) error {
	if path == "" {
		return nil
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, results); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}

// Write puts results into a file, unless the path is empty.
func Write(path string, results any) error {
	if path == "" {
		return nil
	}
	content, err := json.MarshalIndent(results, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(content, '\n'), 0o600)
}

// Run is what the results of a whole run begin with.
type Run struct {
	// Command repeats it.
	Command string `json:"command"`
	// Machine is what it ran on, and Commit what of: see the function.
	Machine string `json:"machine"`
	Commit  string `json:"commit"`
	// Date is when it ended.
	Date time.Time `json:"date"`
}

// Begin notes what is about to run. In the end something else may be checked out.
func Begin(ctx context.Context, command string) Run {
	return Run{Command: command, Machine: Machine(), Commit: Commit(ctx)}
}

// Ended is the run, which has ended now.
func (r Run) Ended() Run {
	r.Date = time.Now().UTC().Truncate(time.Second)
	return r
}

// Origin says on what, of what and when it ran.
func (r Run) Origin() string {
	return fmt.Sprintf("%s, commit %s, %s", r.Machine, r.Commit, r.Date.Format(time.DateOnly))
}

// Create makes a file that programs write what they say to. Without a path it is dropped.
func Create(path string) (*os.File, error) {
	return os.Create(cmp.Or(path, os.DevNull))
}

// Commit is what is checked out, "-dirty" if anything but the results of measurements has been changed since.
func Commit(ctx context.Context) string {
	said, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	commit := strings.TrimSpace(string(said))
	if exec.CommandContext(ctx, "git", "diff", "--quiet", "HEAD", "--", ":/", ":(top,exclude)docs/measurements").Run() != nil {
		return commit + "-dirty"
	}
	return commit
}

// Machine says what kind of machine this is.
func Machine() string {
	return fmt.Sprintf("one machine with %d cores, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}
