package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"
)

// Name is what users type, and Binary the program's name, by which kubectl finds it.
const (
	Name   = "kubectl zen-lead"
	Binary = "kubectl-zen_lead"
)

// The exit codes.
const (
	// ExitFailed: it could not be done, and nothing was changed.
	ExitFailed = 1
	// ExitUsage: the command line is not valid.
	ExitUsage = 2
	// ExitTimeout: the leader did not move in time; the preference is as it was before.
	ExitTimeout = 3
	// ExitLeftBehind: the leader did not move as asked, and the preference that was written stands or may stand.
	ExitLeftBehind = 4
	// ExitInterrupted: ended by Ctrl-C before it was done; nothing of it is left behind.
	ExitInterrupted = 130
)

// ExitCodes are what they mean to users, in their order.
var ExitCodes = []struct {
	Code    int
	Meaning string
}{
	{0, "Done. `list` and `explain` end so whatever they have to tell; `watch` does when Ctrl-C ends it."},
	{ExitFailed, "It could not be done: no such Service or namespace, no right to, refused as impossible, API server not reached. Nothing was changed."},
	{ExitUsage, "The command line is not valid."},
	{ExitTimeout, "`switch`: the leader has not moved in time, or somebody else has changed the preference. What `switch` had written is put back."},
	{ExitLeftBehind, "`switch`: it did not come to its end, and what it had written stands, or may stand. The last line says what to look at."},
	{ExitInterrupted, "Ctrl-C came before it was done. What `switch` had written is put back."},
}

// exitError is an error with an exit code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func usageError(err error) error { return &exitError{ExitUsage, err} }

// Version is what the program says of itself.
type Version struct{ Version, Commit string }

// Run runs a command line and returns the exit code. The context ends with Ctrl-C.
func Run(ctx context.Context, streams genericiooptions.IOStreams, version Version, arguments []string) int {
	command := NewCommand(streams, version)
	command.SetArgs(arguments)
	err := command.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(streams.ErrOut, "error:", err)
	var exit *exitError
	switch {
	case errors.As(err, &exit):
		return exit.code
	case ctx.Err() != nil:
		return ExitInterrupted
	}
	return ExitFailed
}

// NewCommand is the whole tree of commands.
func NewCommand(streams genericiooptions.IOStreams, version Version) *cobra.Command {
	c := newCLI(streams, version, clock.RealClock{})
	root := &cobra.Command{
		Use:   Binary,
		Short: "Look at leader Services, and move leaders",
		Long: "Zen-Lead gives a Service that is annotated a second one, its leader Service, which routes to exactly one of its Pods.\n" +
			"This looks at leader Services with the operator's own rules, and sets the annotations for you.",
		Annotations:       map[string]string{cobra.CommandDisplayNameAnnotation: Name},
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              usageArgs(cobra.NoArgs),
		DisableAutoGenTag: true,
		Version:           fmt.Sprintf("%s (commit %s)", version.Version, version.Commit),
		RunE:              func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError(fmt.Errorf("%w (see --help)", err)) })
	c.flags.AddFlags(root.PersistentFlags())
	root.AddCommand(c.listCommand(), c.explainCommand(), c.switchCommand(), c.watchCommand(), c.enableCommand(), c.disableCommand())
	c.completeFlags(root)
	return root
}

// usageArgs makes what is wrong with arguments an error of usage.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(command *cobra.Command, arguments []string) error {
		if err := check(command, arguments); err != nil {
			return usageError(fmt.Errorf("%w (see %s --help)", err, command.CommandPath()))
		}
		return nil
	}
}

// say writes a line to people, beside the output.
func say(to io.Writer, format string, arguments ...any) { fmt.Fprintf(to, format+"\n", arguments...) }
