package monitoring

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// foreignMetrics are those in dashboards that are not the operator's own, by where they are defined.
var foreignMetrics = []string{
	// Prometheus itself, from the rules.
	"ALERTS",
	// sigs.k8s.io/controller-runtime, pkg/internal/metrics, pkg/internal/controller/metrics and pkg/metrics; the first three by
	// k8s.io/component-base/metrics/prometheus/workqueue in kube-controller-manager too.
	"workqueue_queue_duration_seconds_sum", "workqueue_work_duration_seconds_sum", "workqueue_work_duration_seconds_count",
	"workqueue_queue_duration_seconds_count", "workqueue_depth", "workqueue_longest_running_processor_seconds", "workqueue_adds_total",
	"workqueue_retries_total", "controller_runtime_reconcile_total", "controller_runtime_reconcile_errors_total", "rest_client_requests_total",
	// github.com/prometheus/client_golang, prometheus/collectors.
	"process_start_time_seconds", "process_cpu_seconds_total", "process_resident_memory_bytes", "go_memstats_heap_inuse_bytes", "go_goroutines",
	// k8s.io/endpointslice, metrics, in kube-controller-manager.
	"endpoint_slice_controller_changes",
	// k8s.io/kubernetes, pkg/proxy/metrics, in kube-proxy.
	"kubeproxy_network_programming_duration_seconds_bucket",
}

// eachPanel calls back for all panels of all dashboards.
func eachPanel(t *testing.T, check func(t *testing.T, d Dashboard, p Panel)) {
	t.Helper()
	for _, d := range Dashboards() {
		for _, section := range d.Sections {
			for _, panel := range section.Panels {
				t.Run(d.Name+"/"+panel.Title, func(t *testing.T) { check(t, d, panel) })
			}
		}
	}
}

func TestDashboardsUseMetricsThatThereAre(t *testing.T) {
	selected := regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\{`)
	eachPanel(t, func(t *testing.T, _ Dashboard, p Panel) {
		for _, query := range p.Queries {
			if unknown := unknownMetrics(query.Expr); len(unknown) > 0 {
				t.Errorf("no such metric: %v", unknown)
			}
			for _, match := range selected.FindAllStringSubmatch(query.Expr, -1) {
				if !strings.Contains(match[1], "zen_lead") && !slices.Contains(foreignMetrics, match[1]) {
					t.Errorf("where is %s from?", match[1])
				}
			}
		}
	})
}

func TestEveryPanelSaysWhatItShows(t *testing.T) { //nolint:gocognit // dashboards, panels, queries: loops in loops
	eachPanel(t, func(t *testing.T, _ Dashboard, p Panel) {
		switch {
		case p.ID == 0 || p.Title == "" || p.Unit == "":
			t.Error("no id, title or unit")
		case !strings.HasSuffix(p.Description, "."):
			t.Errorf("no sentence describes it: %q", p.Description)
		case len(p.Queries) == 0:
			t.Error("nothing to show")
		case (p.Kind == Stat || p.Kind == Gauge) && (len(p.Queries) > 1 || len(p.Steps) == 0):
			t.Error("one number has one query and a colour")
		case p.Kind == Gauge && (p.Minimum == nil || p.Maximum == nil):
			t.Error("no scale")
		case (p.Kind == Table) != (len(p.Labels) > 0):
			t.Error("only tables have labels, and all do")
		}
		for _, query := range p.Queries {
			if p.Kind == TimeSeries && query.Name == "" {
				t.Errorf("no legend: %s", query.Expr)
			}
			if p.Kind == Table && query.Unit == "" {
				t.Errorf("a column without a unit: %s", query.Expr)
			}
		}
		for _, look := range append([]Look{p.Look}, looks(p.Queries)...) {
			if !slices.IsSortedFunc(look.Steps, func(a, b Step) int { return int(math.Copysign(1, a.From-b.From)) }) {
				t.Errorf("steps out of order: %v", look.Steps)
			}
			if len(look.Steps) > 0 && !math.IsInf(look.Steps[0].From, -1) {
				t.Errorf("the lowest values have no colour: %v", look.Steps)
			}
		}
	})
}

func looks(queries []Query) []Look {
	found := make([]Look, 0, len(queries))
	for _, query := range queries {
		found = append(found, query.Look)
	}
	return found
}

// TestColumnsHaveTheirTablesLabels: rows of several queries are joined by their labels.
func TestColumnsHaveTheirTablesLabels(t *testing.T) {
	eachPanel(t, func(t *testing.T, _ Dashboard, p Panel) {
		for _, label := range p.Labels {
			for _, query := range p.Queries {
				if !strings.Contains(query.Expr, label.Label) {
					t.Errorf("where does %s have the label %s from?", query.Expr, label.Label)
				}
			}
		}
	})
}

func TestPanelsKeepTheirIDsApart(t *testing.T) {
	for _, d := range Dashboards() {
		titles := map[int]string{}
		for i, section := range d.Sections {
			for _, p := range section.Panels {
				if other, taken := titles[p.ID]; taken || p.ID >= sectionIDs {
					t.Errorf("%s: %d of %q is not free: %q", d.Name, p.ID, p.Title, other)
				}
				titles[p.ID] = p.Title
			}
			titles[sectionIDs+i] = section.Title
		}
	}
}

func TestVariablesInUseExistAndOnesThatExistAreInUse(t *testing.T) { //nolint:gocognit // dashboards, panels, queries: loops in loops
	inUse := regexp.MustCompile(`\$\{?([a-zA-Z_][a-zA-Z0-9_]*)`)
	for _, d := range Dashboards() {
		used := map[string]bool{}
		for _, expr := range exprs(d) {
			for _, match := range inUse.FindAllStringSubmatch(expr, -1) {
				used[match[1]] = true
			}
		}
		delete(used, strings.TrimPrefix(interval, "$")) // Grafana's and the console's own
		for _, variable := range d.Variables {
			if !used[variable.Name] {
				t.Errorf("%s: nothing depends on %s", d.Name, variable.Name)
			}
			delete(used, variable.Name)
			for _, other := range d.Variables {
				if other.Name != variable.Name && strings.HasPrefix(other.Name, variable.Name) {
					t.Errorf("%s: old consoles would put %s into the middle of %s", d.Name, variable.Name, other.Name)
				}
			}
		}
		if len(used) > 0 {
			t.Errorf("%s: there is no %v", d.Name, used)
		}
	}
}

// exprs are all expressions of a dashboard.
func exprs(d Dashboard) []string {
	var found []string
	for _, section := range d.Sections {
		for _, panel := range section.Panels {
			for _, query := range panel.Queries {
				found = append(found, query.Expr)
			}
		}
	}
	return found
}

// placed is a panel or a section's title on Grafana's grid.
type placed struct {
	Title   string `json:"title"`
	GridPos struct{ X, Y, W, H int }
}

func placements(t *testing.T, d Dashboard) []placed {
	t.Helper()
	content, err := d.Grafana()
	if err != nil {
		t.Fatal(err)
	}
	var model struct{ Panels []placed }
	if err := json.Unmarshal(content, &model); err != nil {
		t.Fatal(err)
	}
	return model.Panels
}

func TestNoTwoPanelsOverlap(t *testing.T) { //nolint:gocognit // dashboards, panels, panels: loops in loops
	for _, d := range Dashboards() {
		taken := map[position]string{}
		items := placements(t, d)
		if len(items) != panels(d)+len(d.Sections) {
			t.Errorf("%s: %d panels and titles", d.Name, len(items))
		}
		for _, item := range items {
			place := item.GridPos
			if place.W == 0 || place.H == 0 || place.X+place.W > gridColumns {
				t.Errorf("%s: %q has no room: %+v", d.Name, item.Title, place)
			}
			for x := place.X; x < place.X+place.W; x++ {
				for y := place.Y; y < place.Y+place.H; y++ {
					if other, overlaps := taken[position{x, y}]; overlaps {
						t.Errorf("%s: %q overlaps %q", d.Name, item.Title, other)
					}
					taken[position{x, y}] = item.Title
				}
			}
		}
	}
}

func panels(d Dashboard) int {
	count := 0
	for _, section := range d.Sections {
		count += len(section.Panels)
	}
	return count
}

func TestDashboardsAreTheSameBytesEachTime(t *testing.T) {
	for i, d := range Dashboards() {
		first, err := d.GrafanaConfigMap()
		if err != nil {
			t.Fatal(err)
		}
		second, err := Dashboards()[i].GrafanaConfigMap()
		if err != nil {
			t.Fatal(err)
		}
		for key := range first.Data {
			if first.Data[key] != second.Data[key] {
				t.Errorf("%s differs from itself", d.Name)
			}
			var fields map[string]any
			if err := json.Unmarshal([]byte(first.Data[key]), &fields); err != nil {
				t.Fatal(err)
			}
			for _, volatile := range []string{"id", "version", "iteration", "__inputs", "__requires"} {
				if _, found := fields[volatile]; found {
					t.Errorf("%s has %s, which Grafana assigns", d.Name, volatile)
				}
			}
		}
	}
}

func TestTheCertificateTurnsRedWhenItsAlertDoes(t *testing.T) {
	for _, alert := range operatorAlerts(InEarnest) {
		if alert.Name == "ZenLeadCertificateNearExpiry" && !strings.HasSuffix(alert.Expr, "< 604800") {
			t.Errorf("the dashboard says %d, the alert %s", certificateAlarm, alert.Expr)
		}
	}
}

func TestPrometheusUnderstandsEveryQuery(t *testing.T) {
	promtool := findPromtool()
	if promtool == "" {
		t.Skip("promtool is not installed")
	}
	type rule struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	replace := strings.NewReplacer(interval, "5m", "$namespace", ".*", "$service", "a|b", "$pod", ".*")
	for _, d := range Dashboards() {
		board, err := d.OpenShiftConsole()
		if err != nil {
			t.Fatal(err)
		}
		all := exprs(d)
		for _, match := range regexp.MustCompile(`"expr": (".*"),`).FindAllSubmatch(board, -1) {
			var expr string
			if err := json.Unmarshal(match[1], &expr); err != nil {
				t.Fatal(err)
			}
			all = append(all, expr)
		}
		var rules []rule
		for _, expr := range all {
			rules = append(rules, rule{Record: "test:query", Expr: replace.Replace(expr)})
		}
		content, err := json.Marshal(map[string]any{"groups": []any{map[string]any{"name": d.Name, "rules": rules}}})
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), d.Name+".yaml") // JSON is YAML
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if output, err := exec.Command(promtool, "check", "rules", "--lint=none", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", d.Name, err, output)
		}
	}
}

// findPromtool looks where PROMTOOL says, in the path, and where `go run ./test/monitoring/cmd/programs debian` puts it.
func findPromtool() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = ""
	}
	for _, candidate := range []string{os.Getenv("PROMTOOL"), "promtool", filepath.Join(cache, "zen-lead", "debian-monitoring", "usr", "bin", "promtool")} {
		if found, err := exec.LookPath(candidate); err == nil {
			return found
		}
	}
	return ""
}
