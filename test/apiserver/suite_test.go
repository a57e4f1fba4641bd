package apiserver

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/zen-lead/zen-lead/test/controlplane"
)

// operatorUser is the user that the operator under test is; it has the rights of config/rbac and no other.
const operatorUser = "zen-lead-operator"

var (
	plane          *controlplane.ControlPlane
	admin          client.Client
	operatorConfig *rest.Config
)

func TestAPIServer(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "The contract against a real API server")
}

// operatorBinary is the operator, built once for all processes of the suite.
var operatorBinary string

var _ = SynchronizedBeforeSuite(func(ctx SpecContext) []byte {
	directory, err := os.MkdirTemp("", "zen-lead-apiserver-")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(os.RemoveAll(directory)).To(Succeed()) }) // once all processes have ended
	binary := filepath.Join(directory, "zen-lead")
	output, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "../../cmd/zen-lead").CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
	return []byte(binary)
}, func(ctx SpecContext, binary []byte) {
	operatorBinary = string(binary)
	logger := zap.New(zap.WriteTo(GinkgoWriter), zap.UseDevMode(true))
	logf.SetLogger(logger)
	klog.SetLogger(logger)
	SetDefaultEventuallyTimeout(15 * time.Second)
	SetDefaultEventuallyPollingInterval(polling)
	SetDefaultConsistentlyPollingInterval(10 * time.Millisecond)

	startPlane(ctx)
}, NodeTimeout(20*time.Minute))

// startPlane starts the control plane that specs run against, until the node that has asked for it ends.
func startPlane(ctx context.Context) {
	GinkgoHelper()
	var err error
	plane, err = controlplane.Start(ctx, os.Stderr)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(plane.Stop()).To(Succeed()) })
	admin, err = client.New(plane.Config, client.Options{})
	Expect(err).NotTo(HaveOccurred())
	operatorConfig, _, err = plane.AddUser(operatorUser, controlplane.AuditedGroup)
	Expect(err).NotTo(HaveOccurred())
	grant(ctx, "", controlplane.RoleClusterWide)
}

// grant gives the operator the rights of one of config/rbac's roles, in a namespace or everywhere.
func grant(ctx context.Context, namespace, role string) {
	GinkgoHelper()
	roles, err := controlplane.OperatorRoles()
	Expect(err).NotTo(HaveOccurred())
	Expect(plane.Grant(ctx, operatorUser, namespace, operatorUser+role, roles[role])).To(Succeed())
}
