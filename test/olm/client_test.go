package olm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

const (
	clientNamespace = "zen-lead-olm-client"
	clientPod       = "client"
	// controlPort is that of test/traffic/app.
	controlPort = 8081
	// rate is in requests a second, of each of the two streams.
	rate = 50
)

// startClient runs the client of test/traffic/app, for all specs.
func startClient() {
	GinkgoHelper()
	makeNamespace(clientNamespace)
	apply(fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: %s, namespace: %s, labels: {app: till}}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 1
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: client
    image: traffic:dev
    imagePullPolicy: IfNotPresent
    args: [drive]
    securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
`, clientPod, clientNamespace))
	Eventually(func() int { return len(readyPods(clientNamespace)) }).Should(Equal(1))
	Eventually(func() error { return clientAPI(clients.CoreV1().RESTClient().Post(), "stop").Do(ctx).Error() }).Should(Succeed())
}

func clientAPI(request *rest.Request, path string) *rest.Request {
	return request.Namespace(clientNamespace).Resource("pods").SubResource("proxy").Name(fmt.Sprintf("%s:%d", clientPod, controlPort)).Suffix(path)
}

// driveTraffic begins to send requests to a shop's leader Service, over new connections and over ones that are kept.
func driveTraffic(namespace string) {
	GinkgoHelper()
	address := "till-leader." + namespace + ".svc:80"
	streams := []record.StreamSpec{}
	for _, mode := range []string{record.ModeNew, record.ModeKept} {
		streams = append(streams, record.StreamSpec{Name: mode, Mode: mode, Address: address, Rate: rate, Connections: 5})
	}
	order, err := json.Marshal(map[string]any{"timeout_ms": 1000, "streams": streams})
	Expect(err).NotTo(HaveOccurred())
	Eventually(func() error { // DNS may not know the name yet
		if err := clientAPI(clients.CoreV1().RESTClient().Post(), "stop").Do(ctx).Error(); err != nil {
			return err
		}
		return clientAPI(clients.CoreV1().RESTClient().Post(), "run").Body(order).Do(ctx).Error()
	}).Should(Succeed())
}

// answered are how many requests have been answered, and by which Pods; of those that were not, the outcome. What was never sent, because
// the machine was too busy, says nothing.
func answered() (count int, by []string) {
	GinkgoHelper()
	content, err := clientAPI(clients.CoreV1().RESTClient().Get(), "records").Do(ctx).Raw()
	Expect(err).NotTo(HaveOccurred())
	run, err := record.Read(bytes.NewReader(content))
	Expect(err).NotTo(HaveOccurred())
	for _, request := range run.Records {
		if request.Outcome == record.Skipped {
			continue
		}
		count++
		answer := run.Pods[request.Pod]
		if request.Outcome != record.OK {
			answer = fmt.Sprintf("%s (%s)", request.Outcome, answer)
		}
		by = append(by, answer)
	}
	slices.Sort(by)
	return count, slices.Compact(by)
}

// endTraffic stops, and asserts that more than so many requests were sent and that this Pod alone answered, each one.
func endTraffic(more int, leader string) {
	GinkgoHelper()
	Expect(clientAPI(clients.CoreV1().RESTClient().Post(), "stop").Do(ctx).Error()).To(Succeed())
	count, by := answered()
	Expect(by).To(Equal([]string{leader}))
	Expect(count).To(BeNumerically(">", more))
	AddReportEntry("requests", fmt.Sprintf("%d, all answered by %s", count, leader))
}

// reached asserts that requests to a shop's leader Service are all answered by its leader, from now on for a little while.
func reached(namespace, leader string) {
	GinkgoHelper()
	Eventually(func(g Gomega) { // kube-proxy may be about to follow
		driveTraffic(namespace)
		g.Eventually(func() int { count, _ := answered(); return count }).Should(BeNumerically(">", rate))
		_, by := answered()
		g.Expect(by).To(Equal([]string{leader}))
	}).Should(Succeed())
}
