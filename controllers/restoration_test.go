package controllers

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// answering is an API server that answers everything, and watches until they end.
func answering() http.RoundTripper {
	return promhttp.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
		body := io.NopCloser(strings.NewReader(""))
		if r.URL.Query().Get("watch") == "true" {
			body = io.NopCloser(readsUntil{r.Context()})
		}
		return &http.Response{StatusCode: http.StatusOK, Body: body, Request: r}, nil
	})
}

// readsUntil reads nothing until a context ends.
type readsUntil struct{ context.Context }

func (r readsUntil) Read([]byte) (int, error) {
	<-r.Done()
	return 0, r.Err()
}

// asks returns the status and, of a watch, what it brings.
func asks(t *testing.T, through http.RoundTripper, uri string) (int, io.Reader) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://api"+uri, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := through.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response.StatusCode, response.Body
}

func TestWatchesBeginAnewWhenEtcdIsRestored(t *testing.T) {
	told := 0
	r := newRestoration()
	r.restored = func() { told++ }
	api := r.WrapTransport(answering())
	r.noteLease("100")
	_, watch := asks(t, api, "/api/v1/pods?watch=true&resourceVersion=90&labelSelector=a")
	r.noteLease("101")
	r.noteLease("101") // read again
	if told != 0 {
		t.Fatal("taken for restored though it was not")
	}

	r.noteLease("50")
	if told != 1 {
		t.Fatal("not noticed")
	}
	if _, err := watch.Read(make([]byte, 1)); err == nil {
		t.Error("the watch goes on")
	}
	for _, uri := range []string{"/api/v1/pods?watch=true&resourceVersion=90&labelSelector=a", "/api/v1/pods?resourceVersion=90&labelSelector=a"} {
		if got, _ := asks(t, api, uri); got != http.StatusGone {
			t.Errorf("%s: %d", uri, got)
		}
	}
	if got, _ := asks(t, api, "/api/v1/services?watch=true&resourceVersion=90"); got != http.StatusOK {
		t.Error("a list that was never watched is refused")
	}
	for _, uri := range []string{"/api/v1/pods?watch=true&sendInitialEvents=true&labelSelector=a", "/api/v1/pods?watch=true&resourceVersion=52&labelSelector=a"} {
		if got, _ := asks(t, api, uri); got != http.StatusOK {
			t.Errorf("after it was listed anew, %s: %d", uri, got)
		}
	}
}

func TestAWatchTriesUntilTheAPIServerIsBackAndNothingElseDoes(t *testing.T) {
	failures := 0
	api := reconnecting(time.Now)(promhttp.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
		if failures--; failures >= 0 {
			return nil, io.EOF
		}
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
	}))
	failures = 2
	if got, _ := asks(t, api, "/api/v1/pods?watch=true"); got != http.StatusOK || failures >= 0 {
		t.Error("it has not tried on")
	}
	failures = 1
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://api/api/v1/namespaces/a/pods/b", nil)
	if _, err := api.RoundTrip(request); err == nil { //nolint:bodyclose // there is none
		t.Error("a single read is held up")
	}
	failures = 1 << 30
	ctx, cancel := context.WithTimeout(t.Context(), 2*reconnectEvery)
	defer cancel()
	request, _ = http.NewRequestWithContext(ctx, http.MethodGet, "http://api/api/v1/pods?watch=true", nil)
	began := time.Now()
	if _, err := api.RoundTrip(request); err == nil || time.Since(began) > 30*time.Second { //nolint:bodyclose // there is none
		t.Error("it does not end with its context")
	}
}

func TestAWatchTriesAgainIfTheAPIServerHasNoTimeAndNotIfItAnswersTheRequest(t *testing.T) {
	for code, again := range map[int]bool{
		http.StatusTooManyRequests: true, http.StatusInternalServerError: true, http.StatusBadGateway: true, http.StatusServiceUnavailable: true,
		http.StatusForbidden: false, http.StatusGone: false, http.StatusGatewayTimeout: false,
	} {
		asked := 0
		api := reconnecting(time.Now)(promhttp.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
			asked++
			if asked == 1 {
				return &http.Response{StatusCode: code, Header: http.Header{"Retry-After": {"1"}}, Body: http.NoBody, Request: r}, nil
			}
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
		}))
		began := time.Now()
		got, _ := asks(t, api, "/api/v1/pods?watch=true")
		if again && (got != http.StatusOK || time.Since(began) < time.Second) || !again && got != code {
			t.Errorf("%d: asked %d times, got %d after %s", code, asked, got, time.Since(began))
		}
	}
}
