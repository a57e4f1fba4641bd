package controllers

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

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

func TestACacheThatIsListedAnewMayGoOnWhenEtcdWasRestored(t *testing.T) {
	r := newRestoration()
	api := r.WrapTransport(answering())
	r.noteLease("100")
	asks(t, api, "/api/v1/pods?watch=true&resourceVersion=90")
	r.noteLease("50")
	request, err := http.NewRequestWithContext(context.WithValue(t.Context(), ofCache{}, true), http.MethodGet, "http://api/api/v1/pods?limit=500", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := api.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if got, _ := asks(t, api, "/api/v1/pods?watch=true&resourceVersion=52"); got != http.StatusOK {
		t.Errorf("%d", got)
	}
}
