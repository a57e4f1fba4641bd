package monitoring

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// mayBeEmpty are the panels that have no data on this cluster: nobody scrapes kube-proxy and kube-controller-manager on it.
var mayBeEmpty = []string{"From a Pod's change to the nodes' rules", "EndpointSlices written",
	"From queued to done, on average"}

// peopleTheShop makes what a picture is to show: Services that are led, and one that is not.
func peopleTheShop() {
	GinkgoHelper()
	startPod("shop-7d9f8c6b5-k2x9p")
	startPod("shop-7d9f8c6b5-m4q7t")
	for _, name := range []string{"billing", "gateway", "orders", "scheduler"} {
		makeService(name, nil)
	}
	makeService("reports", nil, func(spec *corev1.ServiceSpec) { spec.Ports[0].TargetPort = intstr.FromString("htpp") })
	makeService("exports", map[string]string{contract.AnnotationSticky: "yes please"})
	makeForeignService("imports-leader")
	makeService("imports", nil)
	Eventually(leader).WithArguments("scheduler").ShouldNot(BeEmpty())
	keepFailing("orders", 20*time.Second)
	firing("ZenLeadNoEligiblePod", map[string]string{"service": "reports"})
}

// drawDashboards draws both dashboards and each of their panels into a folder. A panel without data is a failure.
func drawDashboards(directory string) {
	GinkgoHelper()
	directory, err := filepath.Abs(filepath.Join("../..", directory))
	Expect(err).NotTo(HaveOccurred())
	Expect(os.MkdirAll(directory, 0o750)).To(Succeed())
	peopleTheShop()
	address := startProxy()
	for _, dashboard := range []string{"overview", "operator"} {
		arguments := []string{
			"run", "../tools/dashboard-picture", "-dashboard", "../../monitoring/generated/dashboards/" + dashboard + ".json",
			"-prometheus", address + "/api/v1/namespaces/" + stackNamespace + "/services/prometheus-operated:web/proxy",
			"-from", "10m", "-scrape-interval", "1s",
			"-output", filepath.Join(directory, dashboard+".png"), "-panels", filepath.Join(directory, dashboard),
		}
		for _, title := range mayBeEmpty {
			arguments = append(arguments, "-may-be-empty", title)
		}
		run(nil, "go", arguments...)
	}
}

// startProxy lets programs beside the cluster ask what is inside, and returns the address.
func startProxy() string {
	GinkgoHelper()
	command := exec.Command(os.Getenv("KUBECTL"), "proxy", "--port=0")
	said, err := command.StdoutPipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(command.Start()).To(Succeed())
	DeferCleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(said).ReadString('\n')
	Expect(err).NotTo(HaveOccurred())
	return fmt.Sprintf("http://%s", strings.TrimSpace(line[strings.LastIndex(line, " "):]))
}
