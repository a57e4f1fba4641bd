package controllers

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
	// longestRequest is how long the API server may take to answer a request of one source before it is given up and tried again. It is as long as
	// the replica that acts may take to renew its Lease.
	longestRequest = 10 * time.Second
)

// newLiveClient reads from and writes to the API server itself, and gives up what is not answered. Requests that a source waits for
// would keep it from being dealt with otherwise, for as long as a connection or what stands in it keeps one answer back.
func newLiveClient(mgr manager.Manager) (client.Client, error) {
	limited := *mgr.GetHTTPClient()
	limited.Timeout = longestRequest
	live, err := client.New(mgr.GetConfig(), client.Options{HTTPClient: &limited, Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper()})
	if err != nil {
		return nil, fmt.Errorf("creating the client: %w", err)
	}
	return live, nil
}

// isUnanswered is whether an API server could not be reached, or had no time. What it says of the request itself is an answer.
func isUnanswered(err error) bool {
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		switch status.Status().Code {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	unreached := &url.Error{}
	return errors.As(err, &unreached)
}

// retryPace is after what time sources that have failed are tried again: ever more slowly, but not those that wait for an answer.
type retryPace struct {
	workqueue.TypedRateLimiter[reconcile.Request]
	unanswered *sourceSet
}

func newRetryPace(unanswered *sourceSet) retryPace {
	return retryPace{
		workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](5*time.Millisecond, longestBackoff), unanswered,
	}
}

// When is the time to wait before the next try.
func (p retryPace) When(request reconcile.Request) time.Duration {
	after := p.TypedRateLimiter.When(request)
	if p.unanswered.has(request.NamespacedName) {
		return min(after, longestUnanswered)
	}
	return after
}

// noteAnswer notes whether what a source has come to was for want of an answer.
func (s *sourceSet) noteAnswer(source types.NamespacedName, err error) {
	if isUnanswered(err) {
		s.add(source)
	} else {
		s.remove(source)
	}
}
