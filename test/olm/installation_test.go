package olm

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// operatorNamespace is the one that the bundles suggest.
	operatorNamespace = "zen-lead-system"
	operatorName      = "zen-lead"
	subscriptionName  = "zen-lead"
)

// subscription is how a user has the operator installed.
type subscription struct {
	channel string
	// targets are the namespaces that the operator is to watch; none stands for all.
	targets []string
	// starting is the first ClusterServiceVersion, if not the channel's newest.
	starting string
	manual   bool
}

// subscribe does what a user does: a namespace as the bundle suggests it, an OperatorGroup, a Subscription. What it installs is
// removed when the spec ends.
func (s subscription) subscribe() {
	GinkgoHelper()
	DeferCleanup(uninstall)
	approval := "Automatic"
	if s.manual {
		approval = "Manual"
	}
	targets := ""
	if len(s.targets) > 0 {
		targets = fmt.Sprintf("targetNamespaces: [%s]", strings.Join(s.targets, ", "))
	}
	makeNamespace(operatorNamespace)
	apply(fmt.Sprintf(`
apiVersion: operators.coreos.com/v1
kind: OperatorGroup
metadata: {name: zen-lead, namespace: %[1]s}
spec: {%[2]s}
---
apiVersion: operators.coreos.com/v1alpha1
kind: Subscription
metadata: {name: %[3]s, namespace: %[1]s}
spec: {source: %[4]s, sourceNamespace: %[5]s, name: %[6]s, channel: %[7]s, startingCSV: %[8]q, installPlanApproval: %[9]s}
`, operatorNamespace, targets, subscriptionName, catalogName, catalogNamespace, packageName, s.channel, s.starting, approval))
}

// install subscribes and waits until the operator is there.
func (s subscription) install(wanted bundle) {
	GinkgoHelper()
	s.subscribe()
	isInstalled(wanted)
}

// isInstalled asserts that OLM comes to have installed that bundle and no other, and that both replicas are ready and of its image.
func isInstalled(wanted bundle) {
	GinkgoHelper()
	Eventually(phases).Should(Equal(map[string]string{wanted.name: "Succeeded"}))
	Eventually(subscriptionStatus("{.status.state} {.status.installedCSV}")).Should(Equal("AtLatestKnown " + wanted.name))
	Eventually(replicas).Should(Equal([]string{wanted.image, wanted.image}))
}

// phases are those of the ClusterServiceVersions in the operator's namespace, by name.
func phases() map[string]string {
	GinkgoHelper()
	found := map[string]string{}
	for _, line := range strings.Fields(kubectl("get", "clusterserviceversions", "-n", operatorNamespace, "-o",
		`jsonpath={range .items[*]}{.metadata.name}={.status.phase}{"\n"}{end}`)) {
		name, phase, _ := strings.Cut(line, "=")
		found[name] = phase
	}
	return found
}

func subscriptionStatus(path string) func() string {
	return field("subscription", operatorNamespace, subscriptionName, path)
}

// replicas are the images of the operator's Pods; of one that is not ready or about to end it says so.
func replicas() []string {
	GinkgoHelper()
	var images []string
	for _, pod := range podsOf(operatorNamespace, "app.kubernetes.io/name="+operatorName) {
		state := ""
		if !isReady(&pod) {
			state = "not ready: "
		}
		if pod.DeletionTimestamp != nil {
			state = "ending: "
		}
		images = append(images, state+pod.Spec.Containers[0].Image)
	}
	return images
}

// waitingPlan is the name of the InstallPlan that waits to be approved.
func waitingPlan() string {
	GinkgoHelper()
	return kubectl("get", "installplans", "-n", operatorNamespace, "-o", `jsonpath={.items[?(@.status.phase=="RequiresApproval")].metadata.name}`)
}

func approve(plan string) {
	GinkgoHelper()
	kubectl("patch", "installplan", "-n", operatorNamespace, plan, "--type=merge", "-p", `{"spec":{"approved":true}}`)
}

// unsubscribe deletes the Subscription and the ClusterServiceVersions, which is how a user removes the operator.
func unsubscribe() {
	GinkgoHelper()
	kubectl("delete", "subscription", "--all", "-n", operatorNamespace, "--timeout=60s")
	kubectl("delete", "clusterserviceversion", "--all", "-n", operatorNamespace, "--timeout=120s")
}

// uninstall removes the operator and what it leaves.
func uninstall() {
	GinkgoHelper()
	unsubscribe()
	removeNamespaces(operatorNamespace)
	kubectl("delete", "clusterrole,clusterrolebinding", "-l", "olm.managed=true", "--ignore-not-found")
	kubectl("delete", "operators.operators.coreos.com", "--all") // OLM's account of what is installed
}
