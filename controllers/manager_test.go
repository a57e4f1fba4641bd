package controllers

import (
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/metrics"
)

// The manager's options are few, and a wrong one shows only when something fails: they are pinned here.

func TestTheLeaseIsReleasedAtTheEndAndHeldInTheGivenNamespace(t *testing.T) {
	options, err := managerOptions(&rest.Config{}, metrics.New(time.Now), func(string, time.Time) {}, Options{LeaderElection: true, LeaderElectionNamespace: "system"})
	if err != nil {
		t.Fatal(err)
	}
	if !options.LeaderElection || !options.LeaderElectionReleaseOnCancel {
		t.Error("another replica would have to wait for the Lease to run out")
	}
	if got := options.LeaderElectionResourceLockInterface.Describe(); got != "system/"+Name {
		t.Errorf("the Lease is %s", got)
	}
	if options.LeaseDuration != nil || options.RenewDeadline != nil || options.RetryPeriod != nil {
		t.Error("the Lease's times are not the defaults")
	}
}

func TestWithoutLeaderElectionThereIsNoLease(t *testing.T) {
	options, err := managerOptions(&rest.Config{}, metrics.New(time.Now), func(string, time.Time) {}, Options{})
	if err != nil || options.LeaderElection || options.LeaderElectionResourceLockInterface != nil {
		t.Errorf("got %+v, %v", options.LeaderElectionResourceLockInterface, err)
	}
}

func TestMetricsAreServedOverTLSToThoseWhomKubernetesAllowsUnlessPlainHTTPIsAskedFor(t *testing.T) {
	certificate := func(options Options) *servingCertificate {
		options.Clock = clock.RealClock{}
		made, err := metricsCertificate(metrics.New(time.Now), options)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	if secure := metricsOptions(certificate(Options{}), Options{}); !secure.SecureServing || secure.FilterProvider == nil {
		t.Error("not secure by default")
	}
	if plain := metricsOptions(certificate(Options{MetricsInsecure: true}), Options{}); plain.SecureServing || plain.FilterProvider != nil {
		t.Error("not plain when asked for")
	}
}

func TestOnlyWhatIsNeededIsCached(t *testing.T) {
	everywhere := cacheOptions(nil)
	if everywhere.DefaultNamespaces != nil || !everywhere.ReaderFailOnMissingInformer || !*everywhere.DefaultUnsafeDisableDeepCopy {
		t.Errorf("got %+v", everywhere)
	}
	if leases := byKind[*coordinationv1.Lease](everywhere); leases.Field == nil || leases.Field.String() != "metadata.namespace!=kube-node-lease" {
		t.Errorf("node Leases are cached: %v", leases.Field)
	}
	if pods := byKind[*corev1.Pod](everywhere); pods.Transform == nil || pods.Label != nil {
		t.Error("Pods are not stripped")
	}
	scoped := cacheOptions([]string{"a", "b"})
	if len(scoped.DefaultNamespaces) != 2 || byKind[*coordinationv1.Lease](scoped).Field != nil {
		t.Errorf("got %+v", scoped.DefaultNamespaces)
	}
}

func byKind[T client.Object](options cache.Options) cache.ByObject {
	for object, byObject := range options.ByObject {
		if _, is := object.(T); is {
			return byObject
		}
	}
	return cache.ByObject{}
}
