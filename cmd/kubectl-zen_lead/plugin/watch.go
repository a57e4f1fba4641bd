package plugin

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/zen-lead/zen-lead/controllers"
)

const (
	// settle is how long to wait after a change for what else belongs to it.
	settle = 20 * time.Millisecond
	// patience is how long something may be pending before that is shown: an operator at work needs less, and a failover is told in one line.
	patience = time.Second
)

func (c *cli) watchCommand() *cobra.Command {
	allNamespaces, noHeaders := false, false
	command := &cobra.Command{
		Use:   "watch [SERVICE]",
		Short: "List leader Services, and then each change as it happens",
		Long: "List leader Services as `list` does, and then one line for each change, with the time, until Ctrl-C. It follows watches and\n" +
			"asks for nothing again and again; while the API server is away it says so, and goes on when that is back. A Service that is no\n" +
			"longer there is shown as deleted.",
		Example:           "  " + Name + " watch -A\n  " + Name + " watch my-app -o json | jq .leader.pod",
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: c.completeServices(optedIn),
	}
	command.Flags().BoolVarP(&allNamespaces, "all-namespaces", "A", false, "Watch those of all namespaces.")
	command.Flags().BoolVar(&noHeaders, "no-headers", false, "Leave the headers out.")
	format := newOutput(command, formatWide)
	command.RunE = func(command *cobra.Command, arguments []string) error {
		if err := format.check(); err != nil {
			return err
		}
		if allNamespaces && len(arguments) > 0 {
			return usageError(errors.New("a Service is of one namespace: give SERVICE or --all-namespaces"))
		}
		cluster, err := c.connect(allNamespaces)
		if err != nil {
			return err
		}
		w := &watcher{
			cli: c, cluster: cluster, format: format, out: printers.GetNewTabWriter(c.Out),
			shown: map[types.NamespacedName]*report{}, pending: map[types.NamespacedName]time.Time{},
			printer: printers.NewTablePrinter(printers.PrintOptions{Wide: format.format == formatWide, NoHeaders: noHeaders}),
		}
		if len(arguments) > 0 {
			w.only = arguments[0]
		}
		return w.run(command.Context())
	}
	return command
}

// watcher shows changes.
type watcher struct {
	*cli
	cluster *cluster
	format  *output
	printer printers.ResourcePrinter
	out     flushingWriter
	only    string // a Service; empty for all
	// shown is what was last shown of each source, and pending since when what there is of it is not what is to be.
	shown   map[types.NamespacedName]*report
	pending map[types.NamespacedName]time.Time
}

type flushingWriter interface {
	Write(text []byte) (int, error)
	Flush() error
}

// run shows what there is and then what changes. Ctrl-C is how it ends.
func (w *watcher) run(ctx context.Context) error {
	follow, stop := context.WithCancel(ctx)
	defer stop()
	live, err := w.follow(follow, w.cluster)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	for first := true; ; first = false {
		recheck, err := w.show(ctx, live)
		if err != nil {
			return err
		}
		if first && len(w.shown)+len(w.pending) == 0 {
			if err := w.nothingThere(ctx, live); err != nil {
				return err
			}
		}
		if !w.wait(ctx, live, recheck) {
			return nil
		}
	}
}

// nothingThere says that there is nothing to see yet, or that there never will be.
func (w *watcher) nothingThere(ctx context.Context, live *live) error {
	if w.only != "" {
		_, there, err := live.snapshot.Services.GetByKey(w.cluster.key(w.only).String())
		if err == nil && !there {
			err = w.cluster.noService(ctx, w.only)
		}
		if err != nil {
			return err
		}
	} else if err := w.cluster.missingNamespace(ctx); err != nil {
		return err
	}
	say(w.ErrOut, "No leader Services yet.")
	return nil
}

// wait waits for news, or for a time; false if the command is to end.
func (w *watcher) wait(ctx context.Context, live *live, recheck time.Duration) bool {
	var due <-chan time.Time
	if recheck > 0 {
		timer := w.clock.NewTimer(recheck)
		defer timer.Stop()
		due = timer.C()
	}
	select {
	case <-ctx.Done():
		return false
	case <-due:
		return true
	case <-live.changed:
	}
	timer := w.clock.NewTimer(settle)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C():
		return true
	}
}

// show shows what has changed since it was last called, and returns when something changes though nothing happens; 0 for never.
func (w *watcher) show(ctx context.Context, live *live) (time.Duration, error) {
	reports, recheck, err := w.lookAtAll(ctx, live)
	if err != nil {
		return 0, err
	}
	there := map[types.NamespacedName]bool{}
	for _, r := range reports {
		key := types.NamespacedName{Namespace: r.Namespace, Name: r.Service}
		there[key] = true
		if left := w.holdBack(key, r); left > 0 {
			recheck = earlier(recheck, left)
			continue
		}
		if reflect.DeepEqual(w.shown[key], r) {
			continue
		}
		w.shown[key] = r
		if err := w.print(r); err != nil {
			return 0, err
		}
	}
	for key := range w.shown {
		if there[key] {
			continue
		}
		delete(w.shown, key)
		delete(w.pending, key)
		if err := w.print(&report{Namespace: key.Namespace, Service: key.Name, Deleted: true, Trouble: []trouble{}}); err != nil {
			return 0, err
		}
	}
	return recheck, w.out.Flush()
}

// holdBack is for how much longer what is told of a source is not shown, because something is about to be done about it; 0 if it is to be shown.
func (w *watcher) holdBack(key types.NamespacedName, r *report) time.Duration {
	if !slices.ContainsFunc(r.Trouble, func(t trouble) bool { return t.Reason == controllers.ProblemPending }) {
		delete(w.pending, key)
		return 0
	}
	since, known := w.pending[key]
	if !known {
		since = w.clock.Now()
		w.pending[key] = since
	}
	return max(0, patience-w.clock.Since(since))
}

// earlier is the earlier of two times from now, of which 0 is never.
func earlier(a, b time.Duration) time.Duration {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// lookAtAll reports of all sources that are watched, as of one moment.
func (w *watcher) lookAtAll(ctx context.Context, live *live) (reports []*report, recheck time.Duration, err error) {
	live.mutex.RLock()
	defer live.mutex.RUnlock()
	for _, source := range live.onlooker.Sources() {
		if w.only != "" && source.Name != w.only {
			continue
		}
		view, unreadable, err := live.look(ctx, source)
		if err != nil {
			return nil, 0, err
		}
		recheck = earlier(recheck, view.Decision.Recheck)
		if !isEmpty(view) {
			reports = append(reports, reportOf(view, unreadable))
		}
	}
	return reports, recheck, nil
}

// print shows one change.
func (w *watcher) print(r *report) error {
	if !w.format.isOwn() {
		return w.format.print(w.Out, kindReport, r)
	}
	table := w.table(w.cluster.namespace == "", r)
	table.ColumnDefinitions = append([]metav1.TableColumnDefinition{{Name: "Time"}}, table.ColumnDefinitions...)
	table.Rows[0].Cells = append([]any{w.clock.Now().Format("15:04:05.000")}, table.Rows[0].Cells...)
	return w.printer.PrintObj(table, w.out)
}
