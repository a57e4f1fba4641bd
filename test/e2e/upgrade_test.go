package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

var _ = Describe("Applying another release with kustomize", SpecPriority(priorityReinstallation), func() {
	It("back to the newest release and to this version again, no leader moves and no request is lost", func() {
		former := formerManifests()
		w, leader := newLedWorld(2)
		w.reaches("my-app", leader)
		Eventually(w.annotations("my-app-leader")).Should(HaveKeyWithValue(contract.AnnotationLeaderPodName, leader))
		epoch := 1
		replace := func(with string) {
			before := w.annotations("my-app-leader")()
			Expect(runningClient.start(record.ModeNew, w.address("my-app-leader"))).To(Succeed())
			Expect(runningClient.sends(rate)).To(Succeed())
			kubectl(with, "apply", "--server-side", "-f", "-")
			kubectl("", "rollout", "status", "--namespace", operatorNamespace, "deployment/"+operatorName, "--timeout", deadline.String())
			image := imageIn(with)
			Eventually(imagesOfOperator).Should(Equal([]string{image, image}), reportAll)
			Expect(runningClient.sends(2 * rate)).To(Succeed()) // for a while after the rollout
			Expect(runningClient.stop()).To(Succeed())
			run, err := runningClient.records()
			Expect(err).NotTo(HaveOccurred())
			Expect(answersOf(run)).To(Equal([]string{leader}), "who answered, from before the rollout until after it")
			Expect(w.annotations("my-app-leader")()).To(Equal(before))

			By("a failover under " + image)
			failed := leader
			w.deletePod(failed)
			leader = w.moves("my-app", failed, contract.ReasonTerminating)
			epoch++
			Eventually(w.annotations("my-app-leader")).Should(HaveKeyWithValue(contract.AnnotationLeaderEpoch, strconv.Itoa(epoch)))
			Eventually(w.readyPods("my-app")).Should(HaveLen(2))
			w.reaches("my-app", leader)
		}

		By("going back")
		DeferCleanup(func() { kubectl(manifests, "apply", "--server-side", "-f", "-") })
		replace(former)
		By("upgrading")
		replace(manifests)
	})
})

// formerManifests are those of the newest release, which test/e2e/former.sh has made; the nodes know its image afterwards.
func formerManifests() string {
	GinkgoHelper()
	cluster := os.Getenv("ZEN_LEAD_CLUSTER")
	if cluster == "" {
		Skip("the image of the newest release can be brought to our own cluster only: `make e2e` without KUBECONFIG")
	}
	directory, err := filepath.Abs("../../bin/former")
	Expect(err).NotTo(HaveOccurred())
	outputOf(cluster, "", "load", filepath.Join(directory, "zen-lead.tar"))
	return overlay(filepath.Join(directory, "config", "cluster-wide"), "zen-lead:former")
}

// imageIn is that of the operator in manifests.
func imageIn(manifests string) string {
	GinkgoHelper()
	_, after, found := strings.Cut(manifests, "image: ")
	Expect(found).To(BeTrue())
	image, _, _ := strings.Cut(after, "\n")
	return image
}

// imagesOfOperator are those of its Pods that are Ready and not about to end.
func imagesOfOperator() []string {
	var images []string
	for _, pod := range operatorReplicas() {
		images = append(images, pod.Spec.Containers[0].Image)
	}
	return images
}
