package plugin

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/cli-runtime/pkg/printers"
)

// nothing stands for what there is not, as kubectl has it.
const nothing = "<none>"

func (c *cli) listCommand() *cobra.Command {
	allNamespaces, noHeaders := false, false
	command := &cobra.Command{
		Use:   "list",
		Short: "List leader Services: who leads, since when, why, and what is the matter",
		Long: "List the Services that ask for a leader Service, or have one: who leads and on which node, since when, the epoch, how many of\n" +
			"its Pods are eligible, why the leader changed last, and what is the matter. `explain` says more of one of them.",
		Args:              usageArgs(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	command.Flags().BoolVarP(&allNamespaces, "all-namespaces", "A", false, "List those of all namespaces.")
	command.Flags().BoolVar(&noHeaders, "no-headers", false, "Leave the headers out.")
	format := newOutput(command, formatWide, formatName)
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := format.check(); err != nil {
			return err
		}
		cluster, err := c.connect(allNamespaces)
		if err != nil {
			return err
		}
		reports, err := c.list(command.Context(), cluster)
		if err != nil {
			return err
		}
		return c.printList(cluster, format, noHeaders, reports)
	}
	return command
}

// list reports of all sources.
func (c *cli) list(ctx context.Context, cluster *cluster) ([]*report, error) {
	read, err := c.read(ctx, cluster)
	if err != nil {
		return nil, err
	}
	reports := []*report{}
	for _, source := range read.onlooker.Sources() {
		view, unreadable, err := read.look(ctx, source)
		if err != nil {
			return nil, err
		}
		if !isEmpty(view) {
			reports = append(reports, reportOf(view, unreadable))
		}
	}
	if len(reports) == 0 {
		return reports, cluster.missingNamespace(ctx)
	}
	return reports, nil
}

// printList prints reports in the format that was asked for.
func (c *cli) printList(cluster *cluster, format *output, noHeaders bool, reports []*report) error {
	switch {
	case !format.isOwn():
		return format.print(c.Out, kindList, &struct {
			Items []*report `json:"items"`
		}{reports})
	case format.format == formatName:
		for _, r := range reports {
			say(c.Out, "service/%s", r.Service)
		}
		return nil
	case len(reports) == 0 && cluster.namespace == "":
		say(c.ErrOut, "No leader Services found.")
		return nil
	case len(reports) == 0:
		say(c.ErrOut, "No leader Services found in namespace %s.", cluster.namespace)
		return nil
	}
	printer := printers.NewTablePrinter(printers.PrintOptions{Wide: format.format == formatWide, NoHeaders: noHeaders})
	return printer.PrintObj(c.table(cluster.namespace == "", reports...), c.Out)
}

// table is the reports as a table.
func (c *cli) table(withNamespace bool, reports ...*report) *metav1.Table {
	table := &metav1.Table{}
	if withNamespace {
		table.ColumnDefinitions = append(table.ColumnDefinitions, metav1.TableColumnDefinition{Name: "Namespace"})
	}
	for _, name := range []string{"Service", "Leader", "Node", "Since", "Epoch", "Candidates", "Reason", "Trouble"} {
		table.ColumnDefinitions = append(table.ColumnDefinitions, metav1.TableColumnDefinition{Name: name})
	}
	for _, name := range []string{"Leader-Service", "Cluster-IP", "Address"} {
		table.ColumnDefinitions = append(table.ColumnDefinitions, metav1.TableColumnDefinition{Name: name, Priority: 1})
	}
	for _, r := range reports {
		table.Rows = append(table.Rows, metav1.TableRow{Cells: c.cells(withNamespace, r)})
	}
	return table
}

// cells are a report's row.
func (c *cli) cells(withNamespace bool, r *report) []any {
	cells := []any{}
	if withNamespace {
		cells = append(cells, r.Namespace)
	}
	led := leader{}
	if r.Leader != nil {
		led = *r.Leader
	}
	name := orNothing(led.Pod)
	if led.Pod != "" && !led.Ready {
		name += " (not ready)"
	}
	return append(cells, r.Service, name, orNothing(led.Node), c.age(r.Since), r.Epoch, fmt.Sprintf("%d/%d", r.Candidates, r.Pods),
		orNothing(string(r.Reason)), orNothing(r.troubleReasons()), orNothing(r.LeaderService), orNothing(r.ClusterIP), orNothing(led.Address))
}

// age is how long ago something was.
func (c *cli) age(since *metav1.MicroTime) string {
	if since == nil {
		return nothing
	}
	return duration.HumanDuration(c.clock.Since(since.Time))
}

// troubleReasons are the reasons, each once, with how often if that is more.
func (r *report) troubleReasons() string {
	if r.Deleted {
		return "deleted"
	}
	var reasons []string
	count := map[string]int{}
	for _, t := range r.Trouble {
		if count[t.Reason]++; count[t.Reason] == 1 {
			reasons = append(reasons, t.Reason)
		}
	}
	for i, reason := range reasons {
		if count[reason] > 1 {
			reasons[i] = fmt.Sprintf("%s(%d)", reason, count[reason])
		}
	}
	return strings.Join(reasons, ",")
}

func orNothing(text string) string {
	if text == "" {
		return nothing
	}
	return text
}
