package monitoring

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zen-lead/zen-lead/controllers/metrics"
)

// ownMetrics are the names of the operator's metrics, with what histograms append.
func ownMetrics() []string {
	var names []string
	for _, definition := range metrics.New(time.Now).Definitions() {
		names = append(names, definition.Name)
		if definition.Type == "histogram" {
			names = append(names, definition.Name+"_bucket", definition.Name+"_count", definition.Name+"_sum")
		}
	}
	return names
}

// recordedNames are the names of the recording rules.
func recordedNames() []string {
	var names []string
	for _, group := range Groups(InEarnest) {
		for _, rule := range group.Rules {
			if rule.Record != "" {
				names = append(names, rule.Record)
			}
		}
	}
	return names
}

// unknownMetrics are the names in a PromQL expression that look like the operator's and are not.
func unknownMetrics(expr string) []string {
	var unknown []string
	known := append(ownMetrics(), recordedNames()...)
	for _, name := range regexp.MustCompile(`[a-z_:]*zen_lead[a-z0-9_:]*`).FindAllString(expr, -1) {
		if !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

func TestRulesUseMetricsThatThereAre(t *testing.T) {
	for _, group := range Groups(InEarnest) {
		for _, rule := range group.Rules {
			if unknown := unknownMetrics(rule.Expr.String()); len(unknown) > 0 {
				t.Errorf("%s%s: no such metric: %v", rule.Record, rule.Alert, unknown)
			}
		}
	}
}

func TestEveryAlertSaysWhatItMeansAndHasARunbook(t *testing.T) {
	for _, alert := range Alerts(InEarnest) {
		if alert.Summary == "" || alert.Description == "" || alert.Severity == "" || alert.HealthImpact == "" {
			t.Errorf("%s is incomplete", alert.Name)
		}
		content, err := os.ReadFile(filepath.Join("..", "docs", "runbooks", alert.Name+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, section := range []string{"# " + alert.Name, "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"} {
			if !strings.Contains(string(content), section+"\n") {
				t.Errorf("the runbook of %s has no section %q", alert.Name, section)
			}
		}
	}
}

func TestEveryAlertHasATestThatFiresItAndOneThatKeepsItQuiet(t *testing.T) {
	for _, alert := range Alerts(InEarnest) {
		content, err := os.ReadFile(filepath.Join("tests", alert.Name+".yaml"))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, begins := range []string{`- name: "fires`, `- name: "quiet`} {
			if !strings.Contains(string(content), begins) {
				t.Errorf("%s has no test that begins with %s", alert.Name, begins)
			}
		}
	}
}

func TestAPaceDividesWindowsAndWaitsAlike(t *testing.T) {
	for duration, want := range map[time.Duration]string{5 * time.Minute: "5s", time.Hour: "1m", 30 * 24 * time.Hour: "12h"} {
		if got := Pace(60).of(duration); got != want {
			t.Errorf("%s: %s, want %s", duration, got, want)
		}
	}
	if got := InEarnest.of(90 * time.Second); got != "1m30s" {
		t.Errorf("in earnest: %s", got)
	}
}
