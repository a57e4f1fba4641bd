package controllers

import (
	"errors"
	"net/http"
	"strconv"
	"sync"
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
	// longestForgetful is for how long an API server may forbid what it has allowed before.
	longestForgetful = 5 * time.Second
	// complainEvery is how often the log says that it does not.
	complainEvery = 10 * time.Second
)

// reconnecting has watches, and the lists that they begin with, try again soon while the API server cannot be reached, has no time, or has just been
// started and does not know yet what it allows. client-go by itself waits longer each time, up to half a minute and more: after an API server has been
// away for a minute, leaders that failed meanwhile would wait as long again. A handful of watches that knock three times a second is no
// burden. What else an API server answers about the request itself is left to client-go.
type reconnecting struct {
	now        func() time.Time
	complained atomic.Int64 // when the log last said it
	// allowed are the paths of what was listed or watched last time.
	allowed sync.Map
}

// WrapTransport has such requests try again.
func (r *reconnecting) WrapTransport(next http.RoundTripper) http.RoundTripper {
	return promhttp.RoundTripperFunc(func(request *http.Request) (*http.Response, error) {
		if !isCaching(request) {
			return next.RoundTrip(request)
		}
		var forbidden time.Time // since when
		for {
			response, err := next.RoundTrip(request)
			if err == nil && response.StatusCode == http.StatusForbidden && forbidden.IsZero() {
				forbidden = r.now()
			}
			if request.Context().Err() != nil || err == nil && !isRefusal(response.StatusCode) && !r.isForgetful(request, response, forbidden) {
				return response, err
			}
			again := wait.Jitter(reconnectEvery/2, 2)
			if err == nil {
				again = max(again, asked(response))
				err = errors.New(response.Status)
				_ = response.Body.Close() // nothing else is to be had of it
			}
			r.complain(err)
			if !pause(request.Context(), again) {
				return nil, err
			}
		}
	})
}

func (r *reconnecting) complain(err error) {
	at, last := r.now().UnixNano(), r.complained.Load()
	if at-last > int64(complainEvery) && r.complained.CompareAndSwap(last, at) {
		logf.Log.WithName(Name).Error(err, "The API server does not answer; trying on")
	}
}

// isForgetful is whether an API server forbids what it has allowed before: most likely it has only just been started, and has yet to read who may
// do what. If it does so for long, a right has been taken away.
func (r *reconnecting) isForgetful(request *http.Request, response *http.Response, since time.Time) bool {
	what := request.URL.Path
	if response.StatusCode != http.StatusForbidden {
		r.allowed.Store(what, true)
		return false
	}
	if _, before := r.allowed.Load(what); !before {
		return false
	}
	if r.now().Sub(since) < longestForgetful {
		return true
	}
	r.allowed.Delete(what)
	return false
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

// isCaching is whether a request is one of a cache's, which is of use whenever it succeeds: a watch, a list from where a watch has come to, or one that
// comes in pages, as no other list of ours does.
func isCaching(request *http.Request) bool {
	query := request.URL.Query()
	return request.Method == http.MethodGet && (query.Get("watch") == "true" || query.Get("resourceVersion") != "" || query.Get("limit") != "")
}
