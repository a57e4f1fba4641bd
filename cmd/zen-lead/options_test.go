package main

import (
	"bytes"
	"errors"
	"flag"
	"reflect"
	"strings"
	"testing"
	"time"
)

func environmentOf(pairs ...string) environment { return pairs }

// outside are the flags that a start outside a cluster needs.
var outside = []string{"--leader-election-namespace=system"}

func TestEveryFlagCanBeSetByItsEnvironmentVariable(t *testing.T) {
	(&options{}).flagSet().VisitAll(func(f *flag.Flag) {
		variable := variableOf(f.Name)
		if f.Name != flagNamespaces && !strings.HasPrefix(variable, environmentPrefix) || strings.Contains(variable, "-") {
			t.Errorf("--%s has the variable %q", f.Name, variable)
		}
	})
	parsed, err := parseOptions(nil, environmentOf("WATCH_NAMESPACE=a, b,a", "ZEN_LEAD_MAX_CONCURRENT_RECONCILES=3",
		"ZEN_LEAD_METRICS_INSECURE=true", "ZEN_LEAD_LEADER_ELECTION=false", "ZEN_LEAD_SERVICE_HOST=10.0.0.1",
		"ZEN_LEAD_METRICS_PORT_8443_TCP_ADDR=10.0.0.1", "ZEN_LEAD_METRICS_SERVICE_PORT_METRICS=8443", "KUBECONFIG="), &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(parsed.Namespaces, []string{"a", "b"}) || parsed.MaxConcurrentReconciles != 3 || !parsed.MetricsInsecure {
		t.Errorf("got %+v", parsed.Options)
	}
}

func TestAFlagGoesBeforeItsEnvironmentVariable(t *testing.T) {
	parsed, err := parseOptions(append(outside, "--namespaces=flag"), environmentOf("WATCH_NAMESPACE=variable"), &bytes.Buffer{})
	if err != nil || !reflect.DeepEqual(parsed.Namespaces, []string{"flag"}) {
		t.Errorf("got %v, %v", parsed, err)
	}
}

func TestEveryLogLevelThatShowsNoContentsIsAllowed(t *testing.T) {
	for _, level := range []string{"panic", "error", "info", "debug", "1", "7"} {
		if _, err := parseOptions(append(outside, "--zap-log-level="+level), nil, &bytes.Buffer{}); err != nil {
			t.Errorf("%s: %v", level, err)
		}
	}
}

func TestAnEmptyNamespaceListMeansAll(t *testing.T) {
	parsed, err := parseOptions(outside, environmentOf("WATCH_NAMESPACE="), &bytes.Buffer{})
	if err != nil || parsed.Namespaces != nil || parsed.describeNamespaces() != "all" {
		t.Errorf("got %v, %v", parsed, err)
	}
}

func TestImpossibleValuesEndTheStartWithOneClearLine(t *testing.T) {
	for _, test := range []struct {
		arguments   string
		environment string
		says        string
	}{
		{arguments: "--no-such-flag", says: "no-such-flag"},
		{arguments: "stray", says: `"stray"`},
		{arguments: "--max-concurrent-reconciles=0", says: "at least 1"},
		{arguments: "--check-metrics=zen-lead-metrics:8443", says: "must be https://host:port/metrics"},
		{arguments: "--max-concurrent-reconciles=many", says: "many"},
		{arguments: "--zap-log-level=8", says: "--zap-log-level must be at most 7"},
		{arguments: "--zap-log-level=200", says: "--zap-log-level must be at most 7"}, // overflows to a level at which nothing is logged
		{arguments: "--zap-log-level=300", says: "--zap-log-level must be at most 7"},
		{environment: "ZEN_LEAD_ZAP_LOG_LEVEL=10", says: "--zap-log-level must be at most 7"},
		{arguments: "--takeover-delay=-1ms", says: "--takeover-delay must be from 0 to 1m0s, not -1ms"},
		{arguments: "--takeover-delay=61s", says: "--takeover-delay must be from 0 to 1m0s, not 1m1s"},
		{arguments: "--takeover-delay=fast", says: "fast"},
		{arguments: "--takeover-delay=250", says: "250"},
		{environment: "ZEN_LEAD_TAKEOVER_DELAY=fast", says: "ZEN_LEAD_TAKEOVER_DELAY"},
		{environment: "ZEN_LEAD_TAKEOVER_DELAY=-1s", says: "--takeover-delay must be from 0"},
		{arguments: "--namespaces=a,,b", says: `"" is no namespace`},
		{arguments: "--namespaces=Upper", says: `"Upper" is no namespace`},
		{arguments: "--metrics-bind-address=8443", says: "host:port"},
		{arguments: "--health-probe-bind-address=", says: "host:port"},
		{arguments: "--metrics-bind-address=:99999999", says: "host:port"},
		{arguments: "--metrics-cert-dir=/nonexistent", says: "/nonexistent/tls.crt"},
		{arguments: "--leader-election-namespace=Bad", says: `"Bad" is no namespace`},
		{arguments: "--metrics-insecure --metrics-cert-dir=/certs", says: "--metrics-cert-dir"},
		{arguments: "--leader-election-namespace=", says: "--leader-election-namespace is needed"},
		{environment: "ZEN_LEAD_MAX_CONCURRENT_RECONCILES=x", says: "ZEN_LEAD_MAX_CONCURRENT_RECONCILES"},
		{environment: "WATCH_NAMESPACE=a b", says: "WATCH_NAMESPACE"},
		{environment: "ZEN_LEAD_TAKEOVER=1s", says: "ZEN_LEAD_TAKEOVER belongs to no flag"},
		{environment: "KUBECONFIG=/nonexistent:/neither", says: "there is no file /nonexistent:/neither"},
	} {
		arguments := append(append([]string{}, outside...), strings.Fields(test.arguments)...)
		_, err := parseOptions(arguments, environmentOf(test.environment), &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %s: got %v, which should be one line and contain %s", test.arguments, test.environment, err, test.says)
		}
	}
}

func TestHelpNamesEveryFlagAndVariable(t *testing.T) {
	out := &bytes.Buffer{}
	if _, err := parseOptions([]string{"--help"}, environmentOf(), out); !errors.Is(err, flag.ErrHelp) {
		t.Fatalf("got %v", err)
	}
	(&options{}).flagSet().VisitAll(func(f *flag.Flag) {
		if !strings.Contains(out.String(), "--"+f.Name+" ("+variableOf(f.Name)+")") {
			t.Errorf("--%s is missing from the help", f.Name)
		}
	})
}

func TestTheTakeoverDelayIsAQuarterOfASecondUnlessSaidOtherwise(t *testing.T) {
	for _, test := range []struct {
		arguments, environment string
		delay                  time.Duration
	}{
		{delay: 250 * time.Millisecond},
		{arguments: "--takeover-delay=0", delay: 0},
		{arguments: "--takeover-delay=1m", delay: time.Minute},
		{environment: "ZEN_LEAD_TAKEOVER_DELAY=2s", delay: 2 * time.Second},
		{environment: "ZEN_LEAD_TAKEOVER_DELAY=0s", delay: 0},
		{arguments: "--takeover-delay=1s", environment: "ZEN_LEAD_TAKEOVER_DELAY=2s", delay: time.Second},
	} {
		arguments := append(append([]string{}, outside...), strings.Fields(test.arguments)...)
		parsed, err := parseOptions(arguments, environmentOf(test.environment), &bytes.Buffer{})
		if err != nil || parsed.TakeoverDelay != test.delay {
			t.Errorf("%s %s: got %v, %v", test.arguments, test.environment, parsed, err)
		}
	}
	out := &bytes.Buffer{}
	if _, err := parseOptions([]string{"--help"}, environmentOf(), out); !errors.Is(err, flag.ErrHelp) {
		t.Fatalf("got %v", err)
	}
	_, help, _ := strings.Cut(out.String(), "--takeover-delay (ZEN_LEAD_TAKEOVER_DELAY)")
	if entry, _, _ := strings.Cut(help, "\n  --"); !strings.Contains(entry, "Default: 250ms.") {
		t.Errorf("the help says %q", entry)
	}
}
