package apiserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// ownPlane has the spec run against a control plane of its own, for what no other one could live with.
func ownPlane(ctx context.Context) {
	GinkgoHelper()
	shared, sharedAdmin, sharedConfig := plane, admin, operatorConfig
	DeferCleanup(func() { plane, admin, operatorConfig = shared, sharedAdmin, sharedConfig })
	startPlane(ctx)
}

// backup is a copy of etcd's data.
type backup struct{ data, copied string }

// backUp copies what etcd has.
func backUp(ctx context.Context) backup {
	GinkgoHelper()
	b := backup{data: plane.StoreDirectory(), copied: GinkgoT().TempDir() + "/backup"}
	Expect(plane.Stopped(ctx, func() error { return os.CopyFS(b.copied, os.DirFS(b.data)) })).To(Succeed())
	return b
}

// restore puts the copy back: what was written since is lost.
func (b backup) restore(ctx context.Context) {
	GinkgoHelper()
	Expect(plane.Stopped(ctx, func() error {
		return errors.Join(os.RemoveAll(b.data), os.CopyFS(b.data, os.DirFS(b.copied)))
	})).To(Succeed())
}

// passTime has etcd's version grow by more than a spec writes afterwards: a watch that goes on from where it was is told nothing until it has.
func (w *world) passTime() {
	GinkgoHelper()
	settings := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "passing"}}
	Expect(admin.Create(w.ctx, settings)).To(Succeed())
	for i := range 500 {
		settings.Data = map[string]string{"time": fmt.Sprint(i)}
		Expect(admin.Update(w.ctx, settings)).To(Succeed())
	}
}

var _ = Describe("An etcd that is restored to an older state (contract 2 and 6)", func() {
	It("is found by its version, without a Lease of replicas to tell: all is read again, and epochs go on", Label("slow"), func(ctx SpecContext) {
		ownPlane(ctx)
		w, line := newWatchingWorld()
		w.aService("returning").createLed("c", "d")
		before := backUp(ctx)
		w.passTime()
		w.failsOverWithin(time.Minute, "my-app")
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.deleteService("returning")
		w.nothingMade("returning")
		w.aService("lost").createLed("e")

		says, reconnected := startLog(), line.reconnects()
		before.restore(ctx)
		reconnected()
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.failsOver("my-app")
		w.switched("my-app", "a", 3, contract.ReasonNotReady)
		w.failsOver("returning")
		Expect(w.leader("returning")()).To(Equal([]string{"d"}))
		Eventually(w.metric("zen_lead_candidates", "service=lost")).Should(BeNumerically("==", noSeries))
		Expect(says("etcd was restored to an older state")).To(BeTrue())
	}, NodeTimeout(10*time.Minute))
})
