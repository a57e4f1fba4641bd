package apiserver

import (
	"encoding/json"
	"encoding/pem"
	nethttp "net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// slowWebhook is somebody's admission webhook, which lets in everything and takes its time with one EndpointSlice of the world.
type slowWebhook struct {
	asked   atomic.Int64  // about that slice
	release chan struct{} // it answers once this is closed
}

// slowWebhookFor has changes of a slice wait for a webhook, for as long as the API server waits for it. The operator must not be about to change it.
func (w *world) slowWebhookFor(slice string, timeout time.Duration) *slowWebhook {
	GinkgoHelper()
	slow := &slowWebhook{release: make(chan struct{})}
	server := httptest.NewTLSServer(nethttp.HandlerFunc(func(response nethttp.ResponseWriter, request *nethttp.Request) {
		review := &admissionv1.AdmissionReview{}
		if err := json.NewDecoder(request.Body).Decode(review); err != nil {
			nethttp.Error(response, err.Error(), nethttp.StatusBadRequest)
			return
		}
		if review.Request.Name == slice {
			slow.asked.Add(1)
			select {
			case <-slow.release:
			case <-request.Context().Done():
			}
		}
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
		_ = json.NewEncoder(response).Encode(review) // who does not read it has gone
	}))
	DeferCleanup(server.Close)
	DeferCleanup(slow.answer)
	w.createForNow(&admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: w.namespace},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "slow.zen-lead.test",
			ClientConfig: admissionregistrationv1.WebhookClientConfig{
				URL:      ptr.To(server.URL),
				CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
			},
			NamespaceSelector: w.matching("discovery.k8s.io", "endpointslices").NamespaceSelector,
			Rules: []admissionregistrationv1.RuleWithOperations{
				w.matching("discovery.k8s.io", "endpointslices", admissionregistrationv1.Update).ResourceRules[0].RuleWithOperations,
			},
			FailurePolicy:           ptr.To(admissionregistrationv1.Fail),
			SideEffects:             ptr.To(admissionregistrationv1.SideEffectClassNone),
			TimeoutSeconds:          ptr.To(int32(timeout.Seconds())),
			AdmissionReviewVersions: []string{"v1"},
		}},
	})
	w.webhookHeeded(slow, slice)
	return slow
}

// webhookHeeded waits until the API server, which learns of webhooks by a watch, asks this one.
func (w *world) webhookHeeded(slow *slowWebhook, slice string) {
	GinkgoHelper()
	found := w.slice(slice)
	Eventually(func() int64 {
		go func() { _ = admin.Update(w.ctx, found.DeepCopy(), client.DryRunAll) }() // its answer does not matter
		return slow.asked.Load()
	}).WithPolling(50 * time.Millisecond).Should(BeNumerically(">", 0))
}

// answer has the webhook answer from now on.
func (s *slowWebhook) answer() {
	select {
	case <-s.release:
	default:
		close(s.release)
	}
}

var _ = Describe("A slow admission webhook of somebody else", func() {
	It("is waited for, with one request, and holds up no other Service", func() {
		w, line := newWatchingWorld()
		w.aService("other").createLed("c", "d")
		w.settled("other")
		slow := w.slowWebhookFor("my-app-leader-ipv4", 30*time.Second)
		requests := line.count("PUT endpointslices my-app-leader-ipv4")
		w.setReady("a", false)
		Eventually(requests).Should(Equal(1))
		w.setReady("c", false)
		w.switched("other", "d", 2, contract.ReasonNotReady)
		Expect(w.leader("my-app")()).To(Equal([]string{"a"}), "its webhook has not answered")
		slow.answer()
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Expect(requests()).To(Equal(1))
	})

	It("that the API server gives up is told as what was refused, and tried again until it answers", func() {
		w, _ := newWatchingWorld()
		slow := w.slowWebhookFor("my-app-leader-ipv4", time.Second)
		w.setReady("a", false)
		Eventually(w.events("Service", "my-app")).Should(ContainElement(ContainSubstring("slow.zen-lead.test")))
		slow.answer()
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
	})
})
