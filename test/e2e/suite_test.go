package e2e

import (
	"context"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

const (
	// partOf labels everything that the suite makes, so that what a killed run has left can be told from what users have.
	partOf      = "app.kubernetes.io/part-of"
	partOfSuite = "zen-lead-e2e"

	// deadline is how long anything may take on a slow and busy cluster. Nothing here is a measurement.
	deadline = 90 * time.Second
)

// What disturbs the other specs comes after them, in this order.
const (
	priorityReinstallation = -1
	// Controllers and kubelets take their time, up to a minute, to come back to the API server.
	prioritySilence = -2
	// Nodes are drained and lose their power, and with them the client that the other specs share.
	priorityTraffic = -3
)

var (
	ctx     = context.Background()
	config  *rest.Config
	admin   client.Client
	clients kubernetes.Interface
)

// variable is an environment variable's value.
func variable(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func TestE2E(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "The operator on a real cluster")
}

var _ = BeforeSuite(func() {
	logf.SetLogger(zap.New(zap.WriteTo(GinkgoWriter), zap.UseDevMode(true)))
	SetDefaultEventuallyTimeout(deadline)
	SetDefaultEventuallyPollingInterval(100 * time.Millisecond)
	SetDefaultConsistentlyPollingInterval(100 * time.Millisecond)
	connect()
	refuseForeignInstallation()
	manifests = operatorManifests()
	removeAll()             // what a killed run has left
	DeferCleanup(removeAll) // from here on, what is there is ours
	installOperator()
	startClient()
	Eventually(operatorReplicas).Should(HaveLen(2), reportAll)
	Eventually(runningClient.isUp).Should(Succeed(), reportAll)
})

func connect() {
	GinkgoHelper()
	kubeconfig := os.Getenv("KUBECONFIG")
	Expect(kubeconfig).NotTo(BeEmpty(), "KUBECONFIG must name a cluster; `make e2e` uses the one of `make cluster-up`")
	var err error
	config, err = clientcmd.BuildConfigFromFlags("", kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	config.QPS = -1
	config.Timeout = 30 * time.Second
	clients, err = kubernetes.NewForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	admin, err = client.New(config, client.Options{})
	Expect(err).NotTo(HaveOccurred())
}
