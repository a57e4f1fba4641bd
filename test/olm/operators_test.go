package olm

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/zen-lead/zen-lead/test/binaries"
)

const (
	// catalogNamespace is OLM's own: what a catalog there offers can be had in every namespace.
	catalogNamespace = "olm"
	catalogName      = "zen-lead"
)

// process is a program of OLM's that runs beside the cluster.
type process struct {
	command *exec.Cmd
	log     string
}

// start starts a program of OLM's. What it said is told if the suite or a spec fails.
func start(name string, arguments ...string) *process {
	GinkgoHelper()
	log, err := os.CreateTemp(logs, name+"-*.log")
	Expect(err).NotTo(HaveOccurred())
	command := exec.Command(filepath.Join(programs(), name), arguments...)
	command.Dir = logs
	command.Stdout, command.Stderr = log, log
	Expect(command.Start()).To(Succeed())
	return &process{command: command, log: log.Name()}
}

func (p *process) stop() {
	_ = p.command.Process.Kill()
	_ = p.command.Wait() // it was killed
}

// logs is the folder of what the programs say.
var logs string

// startOLM brings OLM's kinds into the cluster and starts its two operators. They have no server certificates, so both want to serve
// their metrics at the same port; the second goes on without.
func startOLM() {
	GinkgoHelper()
	logs = GinkgoT().TempDir()
	source, err := binaries.OLM.Source(ctx)
	Expect(err).NotTo(HaveOccurred())
	kubectl("apply", "--server-side", "-f", filepath.Join(source, "deploy", "chart", "crds"))
	kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
	apply(`
apiVersion: v1
kind: Namespace
metadata: {name: ` + catalogNamespace + `}
---
apiVersion: operators.coreos.com/v1
kind: OLMConfig
metadata: {name: cluster}
`)
	for _, operator := range []*process{
		start("olm", "--namespace", catalogNamespace),
		start("catalog", "--namespace", catalogNamespace, "--opmImage", "localhost/opm:test", "--util-image", "localhost/utilities:test"),
	} {
		DeferCleanup(operator.stop)
	}
	DeferCleanup(func() { served.stop() })
}

// The kinds that OLM and prometheus-operator bring, by the ends of their names.
const (
	olmKinds        = ".operators.coreos.com"
	monitoringKinds = ".monitoring.coreos.com"
)

// removeOLM removes OLM's kinds with all that is of them, and all else that the suite makes.
func removeOLM() {
	GinkgoHelper()
	if len(kindsOf(olmKinds)) > 0 {
		uninstall()
		// Nobody is left to do what a finalizer waits for if a killed run took OLM's operators with it.
		for _, csv := range strings.Fields(kubectl("get", "clusterserviceversions", "-A", "-o",
			`jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{"\n"}{end}`)) {
			namespace, name, _ := strings.Cut(csv, "/")
			kubectl("patch", "clusterserviceversion", "-n", namespace, name, "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)
		}
	}
	removeNamespaces(catalogNamespace, clientNamespace)
	removeKinds(olmKinds)
	removeKinds(monitoringKinds)
}

// kindsOf are the CRDs of an API group.
func kindsOf(group string) []string {
	GinkgoHelper()
	var found []string
	for _, name := range strings.Fields(kubectl("get", "crd", "-o", "name")) {
		if strings.HasSuffix(name, group) {
			found = append(found, name)
		}
	}
	return found
}

func removeKinds(group string) {
	GinkgoHelper()
	if kinds := kindsOf(group); len(kinds) > 0 {
		kubectl(append([]string{"delete", "--ignore-not-found", "--timeout=60s"}, kinds...)...)
	}
}

// bringMonitoringKinds brings prometheus-operator's CRDs, until the spec ends.
func bringMonitoringKinds() {
	GinkgoHelper()
	source, err := binaries.PrometheusOperator.Source(ctx)
	Expect(err).NotTo(HaveOccurred())
	kubectl("apply", "--server-side", "-f", filepath.Join(source, "example", "prometheus-operator-crd"))
	kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
	DeferCleanup(removeKinds, monitoringKinds)
}

// freePort is one that nobody listens at, as far as can be told.
func freePort() string {
	GinkgoHelper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = listener.Close() }()
	return fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
}

// What OLM's programs said goes into the report of a spec that failed.
var _ = AfterEach(func() {
	if !CurrentSpecReport().Failed() || logs == "" {
		return
	}
	entries, err := os.ReadDir(logs)
	Expect(err).NotTo(HaveOccurred())
	for _, entry := range entries {
		content, _ := os.ReadFile(filepath.Join(logs, entry.Name()))
		AddReportEntry(entry.Name(), string(content[max(0, len(content)-20000):]), ReportEntryVisibilityFailureOrVerbose)
	}
	AddReportEntry("What OLM has", kubectl("get", "catalogsources,operatorgroups,subscriptions,installplans,clusterserviceversions", "-A",
		"-o", "yaml", "--show-managed-fields=false"), ReportEntryVisibilityFailureOrVerbose)
	AddReportEntry("The operator", kubectl("get", "deployments,pods,events", "-n", operatorNamespace, "-o", "wide"),
		ReportEntryVisibilityFailureOrVerbose)
})
