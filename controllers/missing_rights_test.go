package controllers

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// answers are what the API server says about a right: whether it was granted, or that it cannot say.
type answers func(*authorizationv1.ResourceAttributes) (bool, error)

func (a answers) Create(_ context.Context, review *authorizationv1.SelfSubjectAccessReview, _ metav1.CreateOptions) (*authorizationv1.SelfSubjectAccessReview, error) {
	allowed, err := a(review.Spec.ResourceAttributes)
	review.Status.Allowed = allowed
	return review, err
}

// asking is an operator that watches a namespace, and asks.
func asking(t *testing.T, answers answers) *missingRights {
	t.Helper()
	missing := newMissingRights(Options{Namespaces: []string{"here"}, MetricsBindAddress: noAddress})
	missing.reviews = answers
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { missing.run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return missing
}

func closesSoon(channel <-chan struct{}) bool {
	select {
	case <-channel:
		return true
	case <-time.After(20 * time.Second):
		return false
	}
}

func TestNothingWaitsWhereTheAPIServerDoesNotSayWhatIsMissing(t *testing.T) {
	missing := asking(t, func(*authorizationv1.ResourceAttributes) (bool, error) { return false, errors.New("no answer") })
	if !closesSoon(missing.readable) || missing.blocking.Load() {
		t.Error("it waits")
	}
}

func TestCachesWaitForWhatTheyAreFilledByAndForNothingElse(t *testing.T) {
	granted := make(chan struct{})
	missing := asking(t, func(right *authorizationv1.ResourceAttributes) (bool, error) {
		select {
		case <-granted:
			return right.Verb != "delete", nil
		default:
			return right.Verb != "delete" && (right.Verb != "list" || right.Resource != "pods"), nil
		}
	})
	for deadline := time.Now().Add(20 * time.Second); !missing.blocking.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is missing")
		}
	}
	select {
	case <-missing.readable:
		t.Fatal("the caches do not wait")
	default:
	}
	close(granted)
	if !closesSoon(missing.readable) {
		t.Error("the caches wait for the right to delete")
	}
	if !missing.blocking.Load() {
		t.Error("the replica is ready without the right to delete")
	}
}

func TestRightsThatAreNotUsedAreNotAskedFor(t *testing.T) {
	everything := Options{Namespaces: []string{"a", "b"}, LeaderElection: true, LeaderElectionNamespace: "system"}
	insecure, alone := everything, everything
	insecure.MetricsInsecure = true
	alone.LeaderElection = false
	for _, test := range []struct {
		options Options
		want    []string
	}{
		{everything, []string{"cluster-wide", "in namespace a", "in namespace b", "in namespace system"}},
		{insecure, []string{"in namespace a", "in namespace b", "in namespace system"}},
		{alone, []string{"cluster-wide", "in namespace a", "in namespace b"}},
		{Options{MetricsInsecure: true}, []string{"cluster-wide"}},
	} {
		var got []string
		for _, needed := range neededRights(test.options) {
			if needed.Unused {
				t.Errorf("%s is asked for", needed.Describe(needed.verb))
			}
			if !slices.Contains(got, needed.where()) {
				got = append(got, needed.where())
			}
		}
		if slices.Sort(got); !slices.Equal(got, test.want) {
			t.Errorf("%+v: %v, want %v", test.options, got, test.want)
		}
	}
}
