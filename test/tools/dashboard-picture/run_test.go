package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const boardFile = `{"title": "Board",
"templating": {"list": [{"type": "query", "name": "service", "label": "Service", "allValue": ".*"}]},
"panels": [
 {"id": 1, "type": "row", "title": "Now", "gridPos": {"h": 1, "w": 24, "x": 0, "y": 0}},
 {"id": 2, "type": "stat", "title": "Up", "gridPos": {"h": 4, "w": 4, "x": 0, "y": 1},
  "targets": [{"refId": "A", "instant": true, "expr": "sum(up{service=~\"$service\"})"}], "fieldConfig": {"defaults": {"unit": "short"}}},
 {"id": 3, "type": "timeseries", "title": "Rate", "gridPos": {"h": 8, "w": 12, "x": 0, "y": 5},
  "targets": [{"refId": "A", "legendFormat": "{{pod}}", "expr": "rate(x[$__rate_interval])"}], "fieldConfig": {"defaults": {"unit": "ops"}}},
 {"id": 4, "type": "table", "title": "Rows", "gridPos": {"h": 8, "w": 12, "x": 12, "y": 5},
  "targets": [{"refId": "A", "instant": true, "expr": "nothing"}], "fieldConfig": {"defaults": {"unit": "short"}}}
]}`

// fakePrometheus answers with what it knows, and remembers what it was asked.
type fakePrometheus struct {
	answers map[string]string
	asked   []string
}

func (f *fakePrometheus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	expr := r.URL.Query().Get("query")
	f.asked = append(f.asked, r.URL.Path+" "+expr)
	result, known := f.answers[expr]
	if !known {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, `{"status": "error", "error": "no such query"}`)
		return
	}
	_, _ = fmt.Fprintf(w, `{"status": "success", "data": {"result": [%s]}}`, result)
}

func drawBoard(t *testing.T, answers map[string]string, arguments ...string) (page string, asked []string, err error) {
	t.Helper()
	fake := &fakePrometheus{answers: answers}
	server := httptest.NewServer(fake)
	defer server.Close()
	board, output := filepath.Join(t.TempDir(), "board.json"), filepath.Join(t.TempDir(), "board.html")
	if err := os.WriteFile(board, []byte(boardFile), 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	err = run(context.Background(), append([]string{"-dashboard", board, "-prometheus", server.URL, "-output", output}, arguments...), now)
	content, _ := os.ReadFile(output)
	return string(content), fake.asked, err
}

var answers = map[string]string{
	`sum(up{service=~".*"})`:        `{"metric": {}, "value": [1772366400, "5"]}`,
	`sum(up{service=~"(a|b\\.c)"})`: `{"metric": {}, "value": [1772366400, "2"]}`,
	`rate(x[120s])`:                 `{"metric": {"pod": "a<b"}, "values": [[1772359200, "1"], [1772359230, "2"], [1772359260, "NaN"]]}`,
	`nothing`:                       ``,
}

func TestADashboardIsDrawn(t *testing.T) {
	page, asked, err := drawBoard(t, answers, "-may-be-empty", "Rows")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">5<", "a&lt;b", "No data", "<h1 ", "2026-03-01 06:00 to 2026-03-01 12:00 UTC"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	if got := strings.Join(asked, "; "); got != `/api/v1/query sum(up{service=~".*"}); /api/v1/query_range rate(x[120s]); /api/v1/query nothing` {
		t.Error(got)
	}
}

func TestChosenValuesBecomeARegularExpression(t *testing.T) {
	page, _, err := drawBoard(t, answers, "-may-be-empty", "Rows", "-var", "service=a", "-var", "service=b.c")
	if err != nil || !strings.Contains(page, ">2<") || !strings.Contains(page, "a + b.c") {
		t.Error(err)
	}
}

func TestAPanelWithoutDataIsAFault(t *testing.T) {
	page, _, err := drawBoard(t, answers)
	if err == nil || !strings.Contains(err.Error(), `"Rows", query A: no data`) {
		t.Error(err)
	}
	if !strings.Contains(page, ">5<") {
		t.Error("the other panels are not drawn")
	}
}

func TestAQueryThatFailsIsAFaultThoughItsPanelMayBeEmpty(t *testing.T) {
	_, _, err := drawBoard(t, map[string]string{`sum(up{service=~".*"})`: answers[`sum(up{service=~".*"})`]}, "-may-be-empty", "Rows", "-may-be-empty", "Rate")
	if err == nil || !strings.Contains(err.Error(), `"Rate", query A: 400 Bad Request: no such query: rate(x[120s])`) || !strings.Contains(err.Error(), `"Rows"`) {
		t.Error(err)
	}
}

func TestImpossibleOptionsEndTheStart(t *testing.T) {
	for _, arguments := range [][]string{
		{}, {"-dashboard", "a.json", "-output", "a.gif"}, {"-dashboard", "a.json", "-output", "a.png", "-from", "1h", "-to", "2h"},
		{"-dashboard", "a.json", "-output", "a.html", "-panels", "b"}, {"-dashboard", "a.json", "-output", "a.png", "more"},
	} {
		if _, err := parseOptions(arguments, time.Time{}); err == nil {
			t.Errorf("%v are possible", arguments)
		}
	}
}
