package results_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/zen-lead/zen-lead/test/traffic/figures"
	"github.com/zen-lead/zen-lead/test/traffic/record"
	"github.com/zen-lead/zen-lead/test/traffic/results"
)

// round has these figures for new connections.
func round(leader, plain figures.Figures) results.Round {
	return results.Round{OutOfOrder: leader.OutOfOrder, Streams: map[string]map[string]figures.Figures{
		results.WayLeader: {record.ModeNew: leader}, results.WayPlain: {record.ModeNew: plain},
	}}
}

func measured(name string, rounds ...results.Round) *results.Results {
	return &results.Results{Rate: 500, Cases: []results.Case{{Name: name, Title: name, Answers: true, Rounds: rounds}}}
}

func TestBars(t *testing.T) {
	rolled := figures.Figures{Requests: 100, LeaderChanges: 1}
	for name, c := range map[string]struct {
		results *results.Results
		broken  []string // the beginnings of the bars that are not held
	}{
		"a rolling update with one change":        {measured("roll-deployment", round(rolled, rolled)), nil},
		"a rolling update with two":               {measured("roll-deployment", round(figures.Figures{LeaderChanges: 2}, rolled)), []string{"roll-deployment"}},
		"a rolling update without any":            {measured("roll-statefulset", round(figures.Figures{}, rolled)), []string{"roll-statefulset"}},
		"a rolling update that lost a request":    {measured("roll-statefulset", round(figures.Figures{LeaderChanges: 1, Failed: 1}, rolled)), []string{"roll"}},
		"one bad round of two":                    {measured("roll-deployment", round(rolled, rolled), round(figures.Figures{}, rolled)), []string{"roll"}},
		"sooner than the plain Service":           {measured("readiness", round(used(400), used(1400))), nil},
		"with the same update of kube-proxy":      {measured("delete", round(used(404), used(400))), nil}, // the plain one is met every 6 ms
		"later than the plain Service":            {measured("delete", round(used(410), used(400))), []string{"delete"}},
		"a gap for another reason":                {measured("readiness", round(figures.Figures{StopUsing: 10, LongestGap: 900}, used(400))), []string{"readiness"}},
		"later in one round of three":             {measured("readiness", round(used(900), used(1)), round(used(1), used(9)), round(used(1), used(9))), nil},
		"a request to the former leader":          {measured("kill", round(figures.Figures{OutOfOrder: 1}, rolled)), []string{"Never two"}},
		"the plain Service may use whom it likes": {measured("kill", round(rolled, figures.Figures{OutOfOrder: 9})), nil},
	} {
		var broken []string
		for _, bar := range c.results.Bars() {
			if !bar.Held {
				broken = append(broken, bar.Text)
			}
		}
		if !slices.EqualFunc(broken, c.broken, strings.HasPrefix) {
			t.Errorf("%s: not held are %q, want %q", name, broken, c.broken)
		}
	}
}

// used is a Service that went on using the failed Pod for so many milliseconds.
func used(milliseconds float64) figures.Figures {
	return figures.Figures{StopUsing: milliseconds, LongestGap: milliseconds}
}

func TestCasesAreFoundByName(t *testing.T) {
	r := measured("kill")
	if _, found := r.Find("kill"); !found {
		t.Error("kill was not found")
	}
	if _, found := r.Find("power"); found {
		t.Error("power was found")
	}
}

func TestTablesHaveARowForEachWayAndTheBars(t *testing.T) {
	r := measured("delete", round(figures.Figures{Requests: 1000, LongestGap: 12.34, StopUsing: 1234}, used(5)), round(figures.Figures{Requests: 1000}, used(5)))
	text := r.Markdown()
	for _, want := range []string{
		"### delete", "2 round(s)", "| **leader Service** | 0 of 1000 | 6.2 ms (12 ms) | 617 ms (1.2 s) |", "| plain Service |", "| label on the leader |",
		"### What must hold", "| **no** |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
