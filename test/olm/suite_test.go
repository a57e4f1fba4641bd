package olm

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/test/binaries"
)

const (
	// deadline is how long anything may take on a slow and busy machine. Nothing here is a measurement.
	deadline = 3 * time.Minute
	// quiet is for how long nothing must happen where nothing may.
	quiet = 3 * time.Second
)

var (
	ctx     = context.Background()
	config  *rest.Config
	admin   client.Client
	clients kubernetes.Interface
)

func TestOLM(t *testing.T) {
	if os.Getenv("ZEN_LEAD_CLUSTER") == "" {
		t.Skip("NOT RUN: it needs our own cluster, for its images; use `make olm-test`")
	}
	RegisterFailHandler(Fail)
	RunSpecs(t, "The operator installed by OLM")
}

var _ = BeforeSuite(func() {
	SetDefaultEventuallyTimeout(deadline)
	SetDefaultEventuallyPollingInterval(100 * time.Millisecond)
	SetDefaultConsistentlyDuration(quiet)
	SetDefaultConsistentlyPollingInterval(100 * time.Millisecond)
	connect()
	makeBundles()
	removeOLM() // what a killed run has left
	startOLM()
	DeferCleanup(removeOLM)
	startClient()
})

func connect() {
	GinkgoHelper()
	var err error
	config, err = clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	Expect(err).NotTo(HaveOccurred())
	config.QPS = -1
	admin, err = client.New(config, client.Options{})
	Expect(err).NotTo(HaveOccurred())
	clients, err = kubernetes.NewForConfig(config)
	Expect(err).NotTo(HaveOccurred())
}

// programs is the folder of OLM's programs.
func programs() string {
	GinkgoHelper()
	directory, err := binaries.OLM.Build(ctx, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	return directory
}

// root is the repository's.
func root() string {
	GinkgoHelper()
	path, err := filepath.Abs("../..")
	Expect(err).NotTo(HaveOccurred())
	return path
}

// apply makes or changes objects, as a user does.
func apply(manifest string) {
	GinkgoHelper()
	run([]byte(manifest), os.Getenv("KUBECTL"), "apply", "--server-side", "--force-conflicts", "-f", "-")
}

func kubectl(arguments ...string) string {
	GinkgoHelper()
	return run(nil, os.Getenv("KUBECTL"), arguments...)
}

func run(input []byte, program string, arguments ...string) string {
	GinkgoHelper()
	command := exec.Command(program, arguments...)
	command.Stdin = bytes.NewReader(input)
	failure := &bytes.Buffer{}
	command.Stderr = failure
	said, err := command.Output()
	Expect(err).NotTo(HaveOccurred(), "%s %s: %s%s", program, strings.Join(arguments, " "), said, failure)
	return string(said)
}
