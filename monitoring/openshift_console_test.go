package monitoring

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheOpenShiftConsoleCanShowEveryPanel against what its source reads; a panel of another type it would leave out silently.
func TestTheOpenShiftConsoleCanShowEveryPanel(t *testing.T) { //nolint:gocognit // dashboards, panels, queries: loops in loops
	for _, d := range Dashboards() {
		content, err := d.OpenShiftConsole()
		if err != nil {
			t.Fatal(err)
		}
		var board consoleBoard
		if err := json.Unmarshal(content, &board); err != nil {
			t.Fatal(err)
		}
		count := 0
		for _, row := range board.Rows {
			for _, panel := range row.Panels {
				count++
				if !slices.Contains([]string{"graph", "singlestat", "gauge", "table"}, panel.Type) {
					t.Errorf("%s: type %s", panel.Title, panel.Type)
				}
				if len(panel.Targets) == 0 || panel.Span < 1 || panel.Span > consoleColumns {
					t.Errorf("%s: %d targets, %d columns", panel.Title, len(panel.Targets), panel.Span)
				}
				if panel.Type == "table" && len(panel.Styles) == 0 {
					t.Errorf("%s: the console shows an error for a table without styles", panel.Title)
				}
				for _, target := range panel.Targets {
					// Consoles before 4.19 do not replace $__range.
					if strings.Contains(target.Expr, "$__range") {
						t.Errorf("%s: %s", panel.Title, target.Expr)
					}
				}
			}
		}
		if count != panels(d) {
			t.Errorf("%s: %d panels of %d", d.Name, count, panels(d))
		}
		for _, variable := range board.Templating.List {
			if variable.Type != "query" || !regexp.MustCompile(`^label_values\(.*, [a-z]+\)$`).MatchString(variable.Query) {
				t.Errorf("the console does not understand %s", variable.Query)
			}
		}
	}
}

// TestAStepHasTheSameColourInTheConsole: there it begins above its value, here at it.
func TestAStepHasTheSameColourInTheConsole(t *testing.T) {
	for _, step := range consoleThresholds(steps(Good, Step{1, Bad}, Step{86400, Good}), 1)[1:] {
		if rounded := math.Round(step.Value); step.Value >= rounded || rounded-step.Value > 1e-3 {
			t.Errorf("%v", step)
		}
	}
}
