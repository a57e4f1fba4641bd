package plugin

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/zen-lead/zen-lead/cmd/kubectl-zen_lead/plugin"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

// root is the repository's.
const root = "../.."

var (
	plane   *controlplane.ControlPlane
	admin   client.Client
	clients kubernetes.Interface
	// programs is the folder of the plugin's program.
	programs string
)

func TestPlugin(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "kubectl zen-lead against a real API server")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	logger := zap.New(zap.WriteTo(GinkgoWriter), zap.UseDevMode(true))
	logf.SetLogger(logger)
	klog.SetLogger(logger)
	SetDefaultEventuallyTimeout(20 * time.Second)
	SetDefaultEventuallyPollingInterval(10 * time.Millisecond)
	SetDefaultConsistentlyPollingInterval(10 * time.Millisecond)
	built := make(chan error, 1)
	directory, err := os.MkdirTemp("", "zen-lead-plugin-")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(os.RemoveAll(directory)).To(Succeed()) })
	programs = directory
	go func() { built <- buildProgram(ctx) }()
	startPlane(ctx)
	Expect(<-built).To(Succeed())
}, NodeTimeout(20*time.Minute))

// buildProgram builds the plugin and puts it, with what kubectl completes it by, where users would: into a folder on their PATH.
func buildProgram(ctx context.Context) error {
	completer, err := os.ReadFile(root + "/cmd/kubectl-zen_lead/krew/kubectl_complete-zen_lead")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(programs, "kubectl_complete-zen_lead"), completer, 0o700); err != nil {
		return err
	}
	output, err := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(programs, plugin.Binary), root+"/cmd/kubectl-zen_lead").CombinedOutput()
	if err != nil {
		return fmt.Errorf("building the plugin: %w\n%s", err, output)
	}
	return nil
}

func startPlane(ctx context.Context) {
	GinkgoHelper()
	var err error
	plane, err = controlplane.Start(ctx, os.Stderr)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(plane.Stop()).To(Succeed()) })
	admin, err = client.New(plane.Config, client.Options{})
	Expect(err).NotTo(HaveOccurred())
	clients, err = kubernetes.NewForConfig(plane.Config)
	Expect(err).NotTo(HaveOccurred())
}
