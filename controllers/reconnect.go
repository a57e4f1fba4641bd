package controllers

import (
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/apimachinery/pkg/util/wait"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	// reconnectEvery is how soon, on average, a watch tries again to reach an API server that does not answer.
	reconnectEvery = 300 * time.Millisecond
	// longestAsked is how long a watch waits at most if the API server asks it to.
	longestAsked = time.Second
	// complainEvery is how often the log says that it does not.
	complainEvery = 10 * time.Second
)

// reconnecting has watches, and the lists that they begin with, try again soon while the API server cannot be reached or has no time. client-go by
// itself waits longer each time, up to half a minute and more: after an API server has been away for a minute, leaders that failed
// meanwhile would wait as long again. A handful of watches that knock three times a second is no burden. What an API server answers about
// the request itself is left to client-go.
func reconnecting(now func() time.Time) func(http.RoundTripper) http.RoundTripper {
	complained := &atomic.Int64{}
	return func(next http.RoundTripper) http.RoundTripper { return reconnectingTo(next, now, complained) }
}

// reconnectingTo notes when it last complained.
func reconnectingTo(next http.RoundTripper, now func() time.Time, complained *atomic.Int64) http.RoundTripper {
	return promhttp.RoundTripperFunc(func(request *http.Request) (*http.Response, error) {
		if !isCaching(request) {
			return next.RoundTrip(request)
		}
		for {
			response, err := next.RoundTrip(request)
			if request.Context().Err() != nil || err == nil && !isRefusal(response.StatusCode) {
				return response, err
			}
			pause := wait.Jitter(reconnectEvery/2, 2)
			if err == nil {
				pause = max(pause, asked(response))
				err = errors.New(response.Status)
				_ = response.Body.Close() // nothing else is to be had of it
			}
			at, last := now().UnixNano(), complained.Load()
			if at-last > int64(complainEvery) && complained.CompareAndSwap(last, at) {
				logf.Log.WithName(Name).Error(err, "The API server cannot be reached; trying on")
			}
			select {
			case <-request.Context().Done():
				return nil, err
			case <-time.After(pause): //nolint:forbidigo // no decision depends on it
			}
		}
	})
}

// isRefusal is whether an API server has answered that it cannot answer, and not about the request. A timeout (504) is about the request: the
// version that it asks for may never come.
func isRefusal(code int) bool {
	switch code {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable:
		return true
	}
	return false
}

// asked is how long an API server asks to wait. That is rarely known to it: it says a second.
func asked(response *http.Response) time.Duration {
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, longestAsked)
}

// isCaching is whether a request is a watch, or a list from where a watch has come to: those of caches, which are of use whenever they succeed.
func isCaching(request *http.Request) bool {
	query := request.URL.Query()
	return request.Method == http.MethodGet && (query.Get("watch") == "true" || query.Get("resourceVersion") != "")
}
