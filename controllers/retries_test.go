package controllers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

func TestWhatIsNoAnswer(t *testing.T) {
	what := schema.GroupResource{Resource: "endpointslices"}
	for name, c := range map[string]struct {
		err        error
		unanswered bool
	}{
		"nothing is wrong":        {nil, false},
		"the cache is behind":     {errStale, false},
		"refused by a policy":     {apierrors.NewForbidden(what, "a", errors.New("no")), false},
		"a webhook that fails":    {apierrors.NewInternalError(errors.New("failed calling webhook")), false},
		"a conflict":              {apierrors.NewConflict(what, "a", errors.New("changed")), false},
		"etcd without a leader":   {&apierrors.StatusError{ErrStatus: metav1.Status{Code: 500, Message: "etcdserver: no leader"}}, true},
		"half an answer":          {fmt.Errorf("reading: %w", io.ErrUnexpectedEOF), true},
		"too late an answer":      {fmt.Errorf("reading: %w", context.DeadlineExceeded), true},
		"too many requests":       {apierrors.NewTooManyRequests("later", 1), true},
		"not there":               {apierrors.NewServiceUnavailable("starting"), true},
		"took too long":           {apierrors.NewTimeoutError("etcd", 1), true},
		"no connection":           {&url.Error{Op: "Put", URL: "https://k", Err: errors.New("connection refused")}, true},
		"no connection, and more": {fmt.Errorf("updating: %w", &url.Error{Op: "Put", Err: errors.New("refused")}), true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := isUnanswered(c.err); got != c.unanswered {
				t.Errorf("%v: %t", c.err, got)
			}
		})
	}
}

// TestWhatWaitsForAnAnswerIsTriedAgainSoonerThanWhatIsRefused: it is woken by nothing when an API server is back.
func TestWhatWaitsForAnAnswerIsTriedAgainSoonerThanWhatIsRefused(t *testing.T) {
	unanswered := &sourceSet{}
	pace := newRetryPace(unanswered)
	source := types.NamespacedName{Namespace: "n", Name: "s"}
	request := reconcile.Request{NamespacedName: source}
	unanswered.noteAnswer(source, &url.Error{Err: errors.New("refused")})
	for range 20 {
		if after := pace.When(request); after > longestUnanswered {
			t.Fatal(after)
		}
	}
	unanswered.noteAnswer(source, apierrors.NewInternalError(errors.New("webhook")))
	if after := pace.When(request); after > longestUnanswered {
		t.Error("the first refusal:", after)
	}
	for range 20 {
		pace.When(request)
	}
	if after := pace.When(request); after != longestBackoff {
		t.Error(after)
	}
	pace.Forget(request)
	if after := pace.When(request); after > longestUnanswered {
		t.Error("after a success:", after)
	}
}
