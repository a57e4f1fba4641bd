package apiserver

import (
	"fmt"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// reign is what a slice says of the leader: no UID while there is none.
type reign struct {
	pod   string
	uid   types.UID
	epoch int
}

func (r reign) String() string {
	if r.uid == "" {
		return fmt.Sprintf("- %d", r.epoch)
	}
	return fmt.Sprintf("%s %d", r.pod, r.epoch)
}

// reignOf reads a slice, which must not route to more than one Pod.
func reignOf(slice *discoveryv1.EndpointSlice) reign {
	GinkgoHelper()
	Expect(len(slice.Endpoints)).To(BeNumerically("<=", 1), "endpoints of %s", slice.Name)
	epoch, err := strconv.Atoi(slice.Annotations[contract.AnnotationLeaderEpoch])
	Expect(err).NotTo(HaveOccurred())
	r := reign{epoch: epoch}
	if len(slice.Endpoints) == 1 {
		r.pod, r.uid = slice.Endpoints[0].TargetRef.Name, slice.Endpoints[0].TargetRef.UID
	}
	return r
}

// succession is who led through a leader Service one after the other, as "pod epoch", or "- epoch" where nobody did. It
// asserts of every state that any slice was in that there was one slice of the address type with one endpoint at most, and
// that the epoch grew by one with every leader and with nothing else.
func (h *history) succession(leaderService string, addressType discoveryv1.AddressType) []string {
	GinkgoHelper()
	var reigns []string
	var last reign
	standing := map[string]bool{}
	for _, event := range h.events {
		slice, is := event.Object.(*discoveryv1.EndpointSlice)
		if !is || slice.Labels[discoveryv1.LabelServiceName] != leaderService || slice.AddressType != addressType {
			continue
		}
		if event.Type == watch.Deleted {
			delete(standing, slice.Name)
			continue
		}
		standing[slice.Name] = true
		Expect(standing).To(HaveLen(1), "slices of %s", leaderService)
		now := reignOf(slice)
		wanted := last.epoch
		if now.uid != "" && now.uid != last.uid {
			wanted++
		}
		if len(reigns) == 0 {
			wanted = now.epoch // whatever came before was not seen
		}
		Expect(now.epoch).To(Equal(wanted), "%s: %s, then %s", leaderService, strings.Join(reigns, ", "), now)
		if len(reigns) == 0 || now != last {
			reigns = append(reigns, now.String())
		}
		last = now
	}
	return reigns
}

// leaders is the succession of a source Service's leader Service, without the times when nobody led.
func (h *history) leaders(service string) []string {
	GinkgoHelper()
	leaders := []string{}
	for _, reign := range h.succession(service+"-leader", discoveryv1.AddressTypeIPv4) {
		if !strings.HasPrefix(reign, "- ") {
			leaders = append(leaders, reign)
		}
	}
	return leaders
}

// came asserts that exactly these came to lead my-app, as "pod epoch", with nobody in between.
func (w *world) came(seen *history, reigns ...string) {
	GinkgoHelper()
	Expect(seen.until(w).succession("my-app-leader", discoveryv1.AddressTypeIPv4)).To(Equal(reigns))
}

// nobodyIsSaidToHaveEdited asserts that no replica took another one's writes for edits.
func (w *world) nobodyIsSaidToHaveEdited(services ...string) {
	GinkgoHelper()
	for _, service := range services {
		Expect(w.eventsOf(service, contract.EventManualEditReverted)()).To(BeEmpty())
	}
}

// statusFollows asserts that the leader Service's status comes to say what its slice does.
func (w *world) statusFollows(service string) {
	GinkgoHelper()
	Eventually(func() string {
		annotations := w.service(service + "-leader").Annotations
		return annotations[contract.AnnotationLeaderPodName] + " " + annotations[contract.AnnotationLeaderEpoch]
	}).Should(Equal(reignOf(w.slice(service + "-leader-ipv4")).String()))
}
