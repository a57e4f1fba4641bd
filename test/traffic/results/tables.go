package results

import (
	"fmt"
	"strings"

	"github.com/zen-lead/zen-lead/test/traffic/figures"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// wayTitles are what people read.
var wayTitles = map[string]string{
	WayLeader: "**leader Service**", WayPlain: "plain Service", WayLabel: "label on the leader",
}

// Markdown is a table of all cases, with what the figures mean, where they come from and whether the bars are held.
func (r *Results) Markdown() string {
	text := &strings.Builder{}
	fmt.Fprintf(text, "Measured with `%s`: %s, Kubernetes %s, %d requests a second in each stream, a request given up after 1 s.\n",
		r.Command, r.Machine, r.Kubernetes, r.Rate)
	text.WriteString("Medians of the rounds, the worst round in brackets where it differs.\n")
	for _, c := range r.Cases {
		fmt.Fprintf(text, "\n### %s\n\n", c.Title)
		c.writeTable(text)
	}
	text.WriteString("\n### What must hold\n\n| rule | held | measured |\n|---|---|---|\n")
	for _, bar := range r.Bars() {
		held := "yes"
		if !bar.Held {
			held = "**no**"
		}
		fmt.Fprintf(text, "| %s | %s | %s |\n", bar.Text, held, bar.Measured)
	}
	return text.String()
}

// writeTable has a row for each way. Kept connections and datagrams have two columns each.
func (c Case) writeTable(text *strings.Builder) {
	latest := 0.0
	for _, round := range c.Rounds {
		latest = max(latest, round.LatestSend)
	}
	fmt.Fprintf(text, "%d round(s), %s, commit %s. Leader changes: %s. The busy machine delayed a request by up to %s before it was sent.\n\n",
		len(c.Rounds), c.Date.UTC().Format("2006-01-02"), c.Commit, count(c.Summary(WayLeader, record.ModeNew).LeaderChanges), inUnits(latest))
	text.WriteString("| through | new connections: failed | longest gap | still meets the failed Pod for | not by the leader " +
		"| kept connections: failed | longest gap | UDP: failed | longest gap |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, way := range Ways {
		fresh, kept, udp := c.Summary(way, record.ModeNew), c.Summary(way, record.ModeKept), c.Summary(way, record.ModeUDP)
		fmt.Fprintf(text, "| %s | %s of %.0f | %s | %s | %s | %s | %s | %s | %s |\n", wayTitles[way],
			count(fresh.Failed), fresh.Requests.Median, duration(fresh.LongestGap), c.stillMet(fresh), count(fresh.NotLeader),
			count(kept.Failed), duration(kept.LongestGap), count(udp.Failed), duration(udp.LongestGap))
	}
}

// stillMet is unknown where the failed Pod answers no more, or no Pod has failed.
func (c Case) stillMet(s figures.Summary) string {
	if !c.Answers {
		return "–"
	}
	return duration(s.StopUsing)
}

func count(d figures.Distribution) string {
	if d.Median == d.Max {
		return fmt.Sprintf("%.0f", d.Median)
	}
	return fmt.Sprintf("%.0f (%.0f)", d.Median, d.Max)
}

func duration(d figures.Distribution) string {
	if d.Median == d.Max {
		return inUnits(d.Median)
	}
	return fmt.Sprintf("%s (%s)", inUnits(d.Median), inUnits(d.Max))
}

// inUnits takes milliseconds. Three digits are more than the measurement is good for.
func inUnits(milliseconds float64) string {
	switch {
	case milliseconds == 0:
		return "0"
	case milliseconds < 10:
		return fmt.Sprintf("%.1f ms", milliseconds)
	case milliseconds < 1000:
		return fmt.Sprintf("%.0f ms", milliseconds)
	default:
		return fmt.Sprintf("%.1f s", milliseconds/1000)
	}
}
