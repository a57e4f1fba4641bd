package controllers

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	// longestBackoff is how long a source that fails again and again waits at most between two tries.
	longestBackoff = 30 * time.Second
	// longestUnanswered is the same for a source that fails because the API server does not answer. Nothing wakes it when it does: no object
	// has changed, perhaps.
	longestUnanswered = time.Second
	// longestRead is how long the API server may take to answer what is read of one source before that is given up and tried again, and longestWrite
	// the same for writes: longer than the 34 s that it takes itself at most, for webhooks that it calls may take 10 s each.
	// Source: k8s.io/apiserver/pkg/endpoints/handlers.requestTimeoutUpperBound.
	longestRead  = 10 * time.Second
	longestWrite = 35 * time.Second
)

// newLiveClient reads from or writes to the API server itself, and gives up what is not answered in time. Requests that a source waits for
// would keep it from being dealt with otherwise, for as long as a connection or what stands in it keeps one answer back.
func newLiveClient(mgr manager.Manager, longest time.Duration) (client.Client, error) {
	limited := *mgr.GetHTTPClient()
	limited.Timeout = longest
	live, err := client.New(mgr.GetConfig(), client.Options{HTTPClient: &limited, Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper()})
	if err != nil {
		return nil, fmt.Errorf("creating the client: %w", err)
	}
	return live, nil
}

// isUnanswered is whether an API server could not be reached, or had no time. What it says of the request itself is an answer. A 500 that is no
// InternalError is etcd's: it has no leader, or took too long.
func isUnanswered(err error) bool {
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		switch status.Status().Code {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		case http.StatusInternalServerError:
			return status.Status().Reason != metav1.StatusReasonInternalError
		}
		return false
	}
	network := net.Error(nil) // also a *url.Error
	return errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF)
}

// retryPace is after what time sources that have failed are tried again: ever more slowly, but not much so those that wait for an answer.
type retryPace struct {
	workqueue.TypedRateLimiter[reconcile.Request]
	waiting    workqueue.TypedRateLimiter[reconcile.Request]
	unanswered *sourceSet
}

func newRetryPace(unanswered *sourceSet) retryPace {
	const first = 5 * time.Millisecond
	return retryPace{
		TypedRateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](first, longestBackoff),
		waiting:          workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](first, longestUnanswered),
		unanswered:       unanswered,
	}
}

// When is the time to wait before the next try.
func (p retryPace) When(request reconcile.Request) time.Duration {
	if p.unanswered.has(request.NamespacedName) {
		return p.waiting.When(request)
	}
	return p.TypedRateLimiter.When(request)
}

// Forget has a source that has succeeded begin anew.
func (p retryPace) Forget(request reconcile.Request) {
	p.waiting.Forget(request)
	p.TypedRateLimiter.Forget(request)
}

// noteAnswer notes whether what a source has come to was for want of an answer.
func (s *sourceSet) noteAnswer(source types.NamespacedName, err error) {
	if isUnanswered(err) {
		s.add(source)
	} else {
		s.remove(source)
	}
}
