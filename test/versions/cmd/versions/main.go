// Command versions runs the API-server suite against each version of Kubernetes, one after the other, keeps what that came to, and
// fails if a spec does. Run it in the repository's root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/zen-lead/zen-lead/test/binaries"
	"github.com/zen-lead/zen-lead/test/controlplane"
	"github.com/zen-lead/zen-lead/test/measurement"
	"github.com/zen-lead/zen-lead/test/versions/results"
)

// suite is the folder of the suite.
const suite = "test/apiserver"

type options struct {
	versions string
	output   string
	logs     string
	// ginkgo is the program that runs the suite, in so many processes, with these arguments of its own.
	ginkgo    string
	processes int
	arguments []string
}

func main() {
	o := options{}
	flag.StringVar(&o.versions, "versions", "", "minor versions, such as \"1.24 1.31\"; all by default")
	flag.StringVar(&o.output, "output", "", "file for the results as JSON; versions that it has and that do not run now stay in it")
	flag.StringVar(&o.logs, "logs", "bin/versions", "directory for a log and a report of each version")
	flag.StringVar(&o.ginkgo, "ginkgo", "bin/ginkgo", "the program of that name")
	flag.IntVar(&o.processes, "procs", 3, "how many processes run the suite, each with a control plane of its own")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "versions [flags] [-- further arguments of ginkgo]")
		flag.PrintDefaults()
	}
	flag.Parse()
	o.arguments = flag.Args()
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "versions:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	var order []string
	for _, kubernetes := range binaries.KubernetesVersions() {
		order = append(order, binaries.Minor(kubernetes))
	}
	chosen, err := measurement.Chosen(strings.Join(strings.Fields(o.versions), ","), order)
	if err != nil {
		return err
	}
	if o.logs, err = filepath.Abs(o.logs); err != nil {
		return err
	}
	measured := &results.Results{}
	if err := measurement.Read(o.output, measured); err != nil {
		return err
	}
	commit := measurement.Commit(ctx)
	var failures []error
	for i, kubernetes := range binaries.KubernetesVersions() {
		if chosen != nil && !slices.Contains(chosen, order[i]) {
			continue
		}
		version := results.Version{Minor: order[i], Kubernetes: kubernetes, Date: time.Now().UTC().Truncate(time.Second), Commit: commit}
		failed, err := o.runOn(ctx, &version)
		if err != nil {
			return errors.Join(append(failures, err)...)
		}
		if len(o.arguments) > 0 {
			failures = append(failures, failed)
			continue
		}
		fmt.Printf("  %d specs passed, %d failed, %d were left out\n", version.Passed, len(version.Failed), len(version.LeftOut))
		measured.Put(version, order)
		if err := measurement.Write(o.output, measured); err != nil { // each: a run that is broken off has not been for nothing
			return err
		}
		failures = append(failures, version.Failure())
	}
	return errors.Join(failures...)
}

// runOn runs the suite on a version and counts its specs; failed says whether it did. With arguments of ours it may have been a part of the
// suite, which says nothing of the version, and is not counted.
func (o options) runOn(ctx context.Context, version *results.Version) (failed, err error) {
	report, err := o.runSuite(ctx, version.Kubernetes)
	if err == nil && len(o.arguments) == 0 {
		err = version.Count(report)
	}
	if err != nil {
		return nil, fmt.Errorf("with Kubernetes %s: %w", version.Kubernetes, err)
	}
	return succeeded(report), nil
}

// succeeded is an error unless all specs of a report have passed that were to run.
func succeeded(report types.Report) error {
	if report.SuiteSucceeded {
		return nil
	}
	return errors.New("the suite failed; its log has why")
}

// buildPrograms builds the control plane of a version, unless that was done before.
func buildPrograms(ctx context.Context, kubernetes string) error {
	_, err := binaries.ControlPlane.Build(ctx, os.Stdout)
	if err == nil && kubernetes != binaries.KubernetesVersion {
		_, err = binaries.OlderControlPlane(kubernetes).Build(ctx, os.Stdout)
	}
	return err
}

// runSuite runs the suite against one version and returns its report. It does so without the race detector: what that finds does not depend on
// the API server.
func (o options) runSuite(ctx context.Context, kubernetes string) (types.Report, error) {
	if err := buildPrograms(ctx, kubernetes); err != nil {
		return types.Report{}, err
	}
	minor := binaries.Minor(kubernetes)
	report := filepath.Join(o.logs, minor+".json")
	if err := errors.Join(os.MkdirAll(o.logs, 0o750), os.RemoveAll(report)); err != nil {
		return types.Report{}, err
	}
	log, err := os.Create(filepath.Join(o.logs, minor+".log"))
	if err != nil {
		return types.Report{}, err
	}
	defer log.Close() //nolint:errcheck // the suite has its own descriptor
	fmt.Printf("Kubernetes %s: running the suite, which takes up to 20 minutes and writes to %s\n", kubernetes, log.Name())
	command := exec.CommandContext(ctx, o.ginkgo, append(append([]string{
		"--procs=" + strconv.Itoa(o.processes), "--timeout=90m", "--output-dir=" + o.logs, "--json-report=" + filepath.Base(report),
		"--poll-progress-after=90s", "--no-color",
	}, o.arguments...), "./"+suite)...)
	command.Env = append(os.Environ(), controlplane.VersionVariable+"="+minor, "KUBE_CACHE_MUTATION_DETECTOR=true")
	command.Stdout, command.Stderr = log, log
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) } // it has control planes to stop
	ended := command.Run()
	var reports []types.Report
	if err := measurement.Read(report, &reports); err != nil || len(reports) != 1 {
		return types.Report{}, errors.Join(fmt.Errorf("there are %d reports in %s", len(reports), report), err, ended)
	}
	return reports[0], nil // whether specs have failed is in there
}
