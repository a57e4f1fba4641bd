package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/zen-lead/zen-lead/controllers"
)

const (
	// environmentPrefix makes the environment variable of a flag: --metrics-bind-address is ZEN_LEAD_METRICS_BIND_ADDRESS.
	environmentPrefix = "ZEN_LEAD_"
	// flagNamespaces has a variable of its own, which OLM and operator-sdk set.
	flagNamespaces     = "namespaces"
	variableNamespaces = "WATCH_NAMESPACE"
	// namespaceFile is where a Pod finds its own namespace.
	// Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
	namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
	// longestTakeoverDelay is well above the time after which another replica has the Lease anyway.
	longestTakeoverDelay = time.Minute
	// mostVerbose is the most verbose log level. Source: k8s.io/client-go/rest, logBody, which logs bodies from 8 on.
	mostVerbose = 7
)

// serviceLink matches the variables that Kubernetes sets for each Service of a Pod's namespace, of one that is named zen-lead as well.
// Source: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
var serviceLink = regexp.MustCompile(`_SERVICE_HOST$|_SERVICE_PORT(_\w+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$`)

// environment is what os.Environ returns.
type environment []string

// lookup finds a variable.
func (e environment) lookup(variable string) (value string, set bool) {
	for _, pair := range e {
		if name, value, _ := strings.Cut(pair, "="); name == variable {
			return value, true
		}
	}
	return "", false
}

// options are the operator's, and what only the command needs.
type options struct {
	controllers.Options
	log         zap.Options
	namespaces  string
	showVersion bool
	// check is the URL of a running replica's metrics, if nothing is to be done but to check it.
	check string
}

// parseOptions reads flags and, for those not given, environment variables, and judges the values. It returns flag.ErrHelp
// after having printed the flags to out.
func parseOptions(arguments []string, environment environment, out io.Writer) (*options, error) {
	parsed := &options{Options: controllers.Options{Version: version, Commit: commit}}
	parsed.log.StacktraceLevel = zapcore.PanicLevel // an error says what was attempted; stacks would bury it
	flags := parsed.flagSet()
	flags.SetOutput(io.Discard) // the error says it all, in one line
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			printHelp(flags, out)
			return nil, err
		}
		return nil, fmt.Errorf("%w (see --help)", err)
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q: everything is set by flags (see --help)", flags.Arg(0))
	}
	if err := environment.setFlags(flags); err != nil {
		return nil, err
	}
	if flags.Lookup(config.KubeconfigFlagName).Value.String() == "" {
		if err := environment.checkKubeconfig(); err != nil {
			return nil, err
		}
	}
	return parsed, parsed.complete()
}

func (o *options) flagSet() *flag.FlagSet {
	flags := flag.NewFlagSet("zen-lead", flag.ContinueOnError)
	flags.StringVar(&o.namespaces, flagNamespaces, "", "Namespaces to watch, comma separated; empty for all.")
	flags.StringVar(&o.MetricsBindAddress, "metrics-bind-address", ":8443", "host:port that serves metrics; 0 for none.")
	flags.BoolVar(&o.MetricsInsecure, "metrics-insecure", false,
		"Serve metrics over plain HTTP to everybody, instead of over TLS to those whom Kubernetes allows.")
	flags.StringVar(&o.MetricsCertDir, "metrics-cert-dir", "",
		"Directory with tls.crt and tls.key for the metrics; empty for a self-signed certificate.")
	flags.StringVar(&o.HealthProbeBindAddress, "health-probe-bind-address", ":8081",
		"host:port that serves /healthz and /readyz; 0 for none.")
	flags.BoolVar(&o.LeaderElection, "leader-election", true, "Agree with other replicas on the one that acts first.")
	flags.StringVar(&o.LeaderElectionNamespace, "leader-election-namespace", "",
		"Namespace of the Lease of the replicas; empty for the Pod's own.")
	flags.DurationVar(&o.TakeoverDelay, "takeover-delay", 250*time.Millisecond,
		"How long a leader may be wrong until a replica that does not act first decides by itself, at most 1m; 0 for ever.")
	flags.IntVar(&o.MaxConcurrentReconciles, "max-concurrent-reconciles", 16,
		"Services dealt with at a time. More make a burst of failures shorter for us, and longer for everybody else at the API server.")
	flags.StringVar(&o.check, "check-metrics", "",
		"URL of the metrics of a running zen-lead: check for up to a minute whether they are served, and end. For tests of an installation.")
	flags.BoolVar(&o.showVersion, "version", false, "Print the version and end.")
	config.RegisterFlags(flags)
	o.log.BindFlags(flags)
	return flags
}

// variableOf is the environment variable of a flag.
func variableOf(name string) string {
	if name == flagNamespaces {
		return variableNamespaces
	}
	return environmentPrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// setFlags sets the flags that were not given from their variables, and refuses variables of ours that belong to no flag.
func (e environment) setFlags(flags *flag.FlagSet) error {
	given, known := map[string]bool{}, map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var failures []error
	flags.VisitAll(func(f *flag.Flag) {
		known[variableOf(f.Name)] = true
		if value, set := e.lookup(variableOf(f.Name)); set && !given[f.Name] {
			if err := flags.Set(f.Name, value); err != nil {
				failures = append(failures, fmt.Errorf("environment variable %s: invalid value %q: %w", variableOf(f.Name), value, err))
			}
		}
	})
	for _, pair := range e {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, environmentPrefix) && !known[name] && !serviceLink.MatchString(name) {
			failures = append(failures, fmt.Errorf("environment variable %s belongs to no flag (see --help)", name))
		}
	}
	return errors.Join(failures...)
}

// checkKubeconfig refuses a KUBECONFIG of which no file is there: client-go would leave it out and look elsewhere.
func (e environment) checkKubeconfig() error {
	paths, _ := e.lookup(clientcmd.RecommendedConfigPathEnvVar)
	for _, path := range filepath.SplitList(paths) {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
	}
	if paths == "" {
		return nil
	}
	return fmt.Errorf("%s: there is no file %s", clientcmd.RecommendedConfigPathEnvVar, paths)
}

func printHelp(flags *flag.FlagSet, out io.Writer) {
	fmt.Fprintf(out, "zen-lead routes a Service to exactly one healthy Pod.\n\nFlags, each with its environment variable:\n")
	flags.VisitAll(func(f *flag.Flag) {
		fmt.Fprintf(out, "  --%s (%s)\n      %s", f.Name, variableOf(f.Name), strings.ReplaceAll(f.Usage, "\n", "\n      "))
		if f.DefValue != "" && f.DefValue != "false" {
			fmt.Fprintf(out, " Default: %s.", f.DefValue)
		}
		fmt.Fprintln(out)
	})
}

// complete fills in what depends on other options or on where the process runs, and refuses impossible values.
func (o *options) complete() error {
	if o.showVersion {
		return nil
	}
	if o.check != "" {
		return checkURL(o.check)
	}
	if err := o.parseNamespaces(); err != nil {
		return err
	}
	if o.MaxConcurrentReconciles < 1 {
		return fmt.Errorf("--max-concurrent-reconciles must be at least 1, not %d", o.MaxConcurrentReconciles)
	}
	if err := o.checkLogLevel(); err != nil {
		return err
	}
	if o.TakeoverDelay < 0 || o.TakeoverDelay > longestTakeoverDelay {
		return fmt.Errorf("--takeover-delay must be from 0 to %s, not %s", longestTakeoverDelay, o.TakeoverDelay)
	}
	if err := o.checkCertificates(); err != nil {
		return err
	}
	for name, address := range map[string]string{
		"metrics-bind-address": o.MetricsBindAddress, "health-probe-bind-address": o.HealthProbeBindAddress,
	} {
		if err := checkAddress(name, address); err != nil {
			return err
		}
	}
	return o.findLeaseNamespace()
}

func (o *options) parseNamespaces() error {
	if strings.TrimSpace(o.namespaces) == "" {
		return nil
	}
	for _, namespace := range strings.Split(o.namespaces, ",") {
		namespace = strings.TrimSpace(namespace)
		if problems := validation.IsDNS1123Label(namespace); len(problems) > 0 {
			rule, _, _ := strings.Cut(problems[0], " (e.g.") // and a regular expression
			return fmt.Errorf("--%s (%s): %q is no namespace: %s", flagNamespaces, variableNamespaces, namespace, rule)
		}
		if !slices.Contains(o.Namespaces, namespace) {
			o.Namespaces = append(o.Namespaces, namespace)
		}
	}
	return nil
}

// checkLogLevel refuses levels at which client-go logs the bodies of requests and answers, and with them whatever Services and Pods contain.
func (o *options) checkLogLevel() error {
	level := o.log.Level
	if level == nil || level.Enabled(zapcore.PanicLevel) && !level.Enabled(zapcore.Level(-mostVerbose-1)) {
		return nil
	}
	return fmt.Errorf("--zap-log-level must be at most %d: beyond, the log would have the contents of Services and Pods", mostVerbose)
}

func (o *options) checkCertificates() error {
	if o.MetricsCertDir == "" {
		return nil
	}
	if o.MetricsInsecure {
		return errors.New("--metrics-insecure serves plain HTTP: it cannot go with --metrics-cert-dir")
	}
	for _, file := range []string{"tls.crt", "tls.key"} {
		if _, err := os.Stat(filepath.Join(o.MetricsCertDir, file)); err != nil {
			return fmt.Errorf("--metrics-cert-dir: %w", err)
		}
	}
	return nil
}

func checkURL(address string) error {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return fmt.Errorf("--check-metrics must be https://host:port/metrics, or http, not %q", address)
	}
	return nil
}

func checkAddress(name, address string) error {
	if address == "0" {
		return nil
	}
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("--%s must be host:port, :port, or 0 to serve nothing, not %q", name, address)
	}
	return nil
}

// findLeaseNamespace takes the Pod's own namespace where none is given.
func (o *options) findLeaseNamespace() error {
	if !o.LeaderElection {
		return nil
	}
	if o.LeaderElectionNamespace != "" {
		if problems := validation.IsDNS1123Label(o.LeaderElectionNamespace); len(problems) > 0 {
			return fmt.Errorf("--leader-election-namespace: %q is no namespace: %s", o.LeaderElectionNamespace, problems[0])
		}
		return nil
	}
	namespace, err := os.ReadFile(namespaceFile)
	if err != nil {
		return errors.New("--leader-election-namespace is needed outside a cluster (or --leader-election=false)")
	}
	o.LeaderElectionNamespace = strings.TrimSpace(string(namespace))
	return nil
}

func (o *options) describeNamespaces() string {
	if len(o.Namespaces) == 0 {
		return "all"
	}
	return strings.Join(o.Namespaces, ",")
}
