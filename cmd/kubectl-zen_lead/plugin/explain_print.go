package plugin

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/cli-runtime/pkg/printers"
)

// printExplanation prints for people.
func (c *cli) printExplanation(told *explanation) error {
	fields := printers.GetNewTabWriter(c.Out)
	line := func(name, format string, arguments ...any) { fmt.Fprintf(fields, name+":\t"+format+"\n", arguments...) }
	line("Service", "%s/%s", told.Namespace, told.Service)
	switch {
	case told.LeaderService != "":
		line("Leader Service", "%s (%s)", told.LeaderService, orNothing(told.ClusterIP))
	case !told.Enabled:
		line("Leader Service", "%s: the Service is not opted in", nothing)
	default:
		line("Leader Service", nothing)
	}
	line("Leader", "%s", c.leaderLine(told))
	if told.Since != nil {
		line("Since", "%s (%s ago), epoch %d, reason %s", told.Since.UTC().Format(time.RFC3339), c.age(told.Since), told.Epoch, orNothing(string(told.Reason)))
	}
	if told.Elected != nil {
		line("Why", "%s", told.Elected.Note)
	}
	if next := told.Next; next.Pod != "" {
		line("Next", "%s: %s", next.Pod, next.Note)
	} else {
		line("Next", "nobody: %s", next.Note)
	}
	if told.Lease != nil {
		line("Lease", "%s: %s", told.Lease.Name, told.Lease.Note)
	}
	if err := fields.Flush(); err != nil {
		return err
	}
	c.printTrouble(told.Trouble)
	if err := c.printPods(told.Candidates); err != nil {
		return err
	}
	return c.printSettings(told.Settings)
}

// leaderLine says whom the leader Service routes to.
func (c *cli) leaderLine(told *explanation) string {
	led := told.Leader
	if led == nil {
		return nothing
	}
	state := "ready"
	if !led.Ready {
		state = "not ready"
	}
	return fmt.Sprintf("%s on node %s, %s, %s", orNothing(led.Pod), orNothing(led.Node), led.Address, state)
}

func (c *cli) printTrouble(troubles []trouble) {
	if len(troubles) == 0 {
		return
	}
	fmt.Fprintln(c.Out, "\nTrouble:")
	for _, t := range troubles {
		fmt.Fprintf(c.Out, "  %s: %s\n", t.Reason, t.Note)
	}
}

func (c *cli) printPods(pods []podVerdict) error {
	if len(pods) == 0 {
		return nil
	}
	table := tableOf("Pod", "Node", "Ready", "Since", "Revision", "Eligible", "Why not")
	for _, pod := range pods {
		since := nothing
		if pod.Since != nil {
			since = duration.HumanDuration(c.clock.Since(pod.Since.Time))
		}
		why := ""
		if !pod.Eligible {
			why = fmt.Sprintf("%s: %s", pod.Rule, pod.Note)
		}
		addRow(table, pod.Pod, orNothing(pod.Node), yesNo(pod.Ready), since, orNothing(pod.Revision), yesNo(pod.Eligible), why)
	}
	return c.printTable("Pods", table)
}

func (c *cli) printSettings(settings []setting) error {
	if len(settings) == 0 {
		return nil
	}
	table := tableOf("Setting", "Typed", "In force", "")
	for _, s := range settings {
		typed, mark := "", ""
		if s.Value != nil {
			typed = oneLine(*s.Value)
			if typed == "" {
				typed = `""`
			}
		}
		if s.Problem != "" {
			mark = "NOT VALID: " + s.Problem
		}
		addRow(table, oneLine(short(s.Key)), typed, s.InForce, mark)
	}
	return c.printTable("Settings", table)
}

func tableOf(columns ...string) *metav1.Table {
	table := &metav1.Table{}
	for _, name := range columns {
		table.ColumnDefinitions = append(table.ColumnDefinitions, metav1.TableColumnDefinition{Name: name})
	}
	return table
}

func addRow(table *metav1.Table, cells ...any) {
	table.Rows = append(table.Rows, metav1.TableRow{Cells: cells})
}

// printTable prints a table under a heading, indented, without blanks at the ends of lines.
func (c *cli) printTable(heading string, table *metav1.Table) error {
	text := &strings.Builder{}
	if err := printers.NewTablePrinter(printers.PrintOptions{}).PrintObj(table, text); err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "\n%s:\n", heading)
	for line := range strings.Lines(text.String()) {
		fmt.Fprintln(c.Out, "  "+strings.TrimRight(line, " \n"))
	}
	return nil
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
