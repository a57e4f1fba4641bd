package replica_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/zen-lead/zen-lead/test/bench/replica"
)

// variableStandIn tells the test's own binary to stand in for the operator's; its value is what it does.
const variableStandIn = "ZEN_LEAD_STANDS_IN"

const (
	standInServes = "serves"
	standInFails  = "fails"
)

func TestMain(m *testing.M) {
	switch os.Getenv(variableStandIn) {
	case standInServes:
		standIn()
	case standInFails:
		os.Exit(3)
	default:
		goleak.VerifyTestMain(m)
	}
}

// standIn serves what the operator serves until it is told to end.
func standIn() {
	flags := flag.NewFlagSet("stand-in", flag.ExitOnError)
	for _, name := range []string{"kubeconfig", "namespaces", "leader-election-namespace"} {
		flags.String(name, "unset", "")
	}
	election, insecure := flags.Bool("leader-election", true, ""), flags.Bool("metrics-insecure", false, "")
	metrics, health := flags.String("metrics-bind-address", "", ""), flags.String("health-probe-bind-address", "", "")
	extra := flags.Int("extra", 0, "")
	_ = flags.Parse(os.Args[1:])
	fmt.Println("arguments:", strings.Join(os.Args[1:], " "))
	acting := 1
	if *election {
		acting = 0
	}
	http.HandleFunc("/readyz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		if !*insecure {
			w.WriteHeader(http.StatusForbidden)
		}
		fmt.Fprintf(w, "# TYPE zen_lead_acting gauge\nzen_lead_acting %d\n", acting)
		fmt.Fprintf(w, "# TYPE api_writes_total counter\napi_writes_total{kind=\"a\",verb=\"get\"} 2\napi_writes_total{kind=\"b\",verb=\"get\"} 3\n"+
			"api_writes_total{kind=\"b\",verb=\"put\"} %d\n", *extra)
		fmt.Fprint(w, "# TYPE took histogram\ntook_bucket{le=\"+Inf\"} 7\ntook_sum 1\ntook_count 7\n")
	})
	go func() { _ = http.ListenAndServe(*metrics, nil) }()
	go func() { _ = http.ListenAndServe(*health, nil) }()
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	<-told
}

// start starts the test's own binary in place of the operator's.
func start(t *testing.T, does string, options replica.Options) *replica.Replica {
	t.Helper()
	t.Setenv(variableStandIn, does)
	options.Binary = os.Args[0]
	r, err := replica.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Kill() })
	return r
}

// soon is a context for what does not take long.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func ready(t *testing.T, options replica.Options) *replica.Replica {
	t.Helper()
	r := start(t, standInServes, options)
	if err := r.WaitReady(soon(t)); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAReplicaIsStartedWithItsOptionsAndEndsWhenToldTo(t *testing.T) {
	log, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	r := ready(t, replica.Options{
		Kubeconfig: "/a/kubeconfig", Namespaces: []string{"a", "b"}, LeaseNamespace: "c", Arguments: []string{"--extra", "5"}, Log: log,
	})
	if err := r.WaitActing(soon(t)); err != nil {
		t.Error(err)
	}
	if err := r.Terminate(soon(t)); err != nil {
		t.Error(err)
	}
	printed, err := os.ReadFile(log.Name())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"--kubeconfig /a/kubeconfig", "--namespaces a,b", "--leader-election=false", "--leader-election-namespace c", "--extra 5",
	} {
		if !strings.Contains(string(printed), want) {
			t.Errorf("it was not started with %s but with %s", want, printed)
		}
	}
}

func TestMetricsAreTheSumOfTheSeriesWithTheLabels(t *testing.T) {
	r := ready(t, replica.Options{Arguments: []string{"--extra", "5"}})
	for name, c := range map[string]struct {
		metric string
		labels []string
		want   float64
	}{
		"all series":          {"api_writes_total", nil, 10},
		"those with a label":  {"api_writes_total", []string{"kind=b"}, 8},
		"those with two":      {"api_writes_total", []string{"kind=b", "verb=put"}, 5},
		"none with the label": {"api_writes_total", []string{"kind=c"}, 0},
		"none of that name":   {"api_reads_total", nil, 0},
		"a gauge":             {"zen_lead_acting", nil, 1},
		"a histogram's count": {"took", nil, 7},
	} {
		if got, err := r.Metric(soon(t), c.metric, c.labels...); err != nil || got != c.want {
			t.Errorf("%s: %v (%v), want %v", name, got, err, c.want)
		}
	}
}

func TestAStandbyDoesNotAct(t *testing.T) {
	r := ready(t, replica.Options{LeaderElection: true})
	if acting, err := r.Acting(soon(t)); err != nil || acting {
		t.Errorf("it acts: %v (%v)", acting, err)
	}
}

func TestAKilledReplicaIsGone(t *testing.T) {
	r := ready(t, replica.Options{})
	if err := r.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ResidentBytes(); err == nil {
		t.Error("it still has memory")
	}
	if err := r.Wait(soon(t)); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("it ended with %v", err)
	}
	for name, again := range map[string]error{"killed": r.Kill(), "stopped": r.Stop(), "thawed": r.Thaw()} {
		if again != nil {
			t.Errorf("%s again: %v", name, again)
		}
	}
}

func TestWaitingForAReplicaThatHasFailedEnds(t *testing.T) {
	r := start(t, standInFails, replica.Options{})
	if err := r.WaitReady(soon(t)); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("waiting ended with %v", err)
	}
}

func TestAFrozenReplicaDoesNotAnswerUntilItThaws(t *testing.T) {
	r := ready(t, replica.Options{})
	if err := r.Freeze(); err != nil {
		t.Fatal(err)
	}
	while, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := r.WaitReady(while); err == nil {
		t.Error("it answered")
	}
	if err := r.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := r.WaitReady(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestUsageIsThatOfTheProcess(t *testing.T) {
	r := ready(t, replica.Options{})
	if resident, err := r.ResidentBytes(); err != nil || resident < 1<<20 || resident > 1<<30 {
		t.Errorf("it has %d bytes (%v)", resident, err)
	}
	if used, err := r.CPUTime(); err != nil || used < 0 || used > 20*time.Second {
		t.Errorf("it has used %s (%v)", used, err)
	}
}
