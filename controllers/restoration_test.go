package controllers

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// answering is an API server that answers everything, and watches until they end. Its etcd has come to a version.
func answering(version *int) http.RoundTripper {
	return promhttp.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
		body := io.NopCloser(strings.NewReader(fmt.Sprintf(`{"metadata":{"resourceVersion":"%d"}}`, *version)))
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
	version := 100
	api := r.WrapTransport(answering(&version))
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
	version := 100
	api := r.WrapTransport(answering(&version))
	r.noteLease("100")
	asks(t, api, "/api/v1/pods?watch=true&resourceVersion=90")
	r.noteLease("50")
	asks(t, api, "/api/v1/pods?limit=500")
	if got, _ := asks(t, api, "/api/v1/pods?watch=true&resourceVersion=52"); got != http.StatusOK {
		t.Errorf("%d", got)
	}
}

func TestAWatchThatWouldGoOnFromALaterVersionThanThereIsFindsThatEtcdWasRestored(t *testing.T) {
	told, version := 0, 100
	r := newRestoration()
	r.restored = func() { told++ }
	api := r.WrapTransport(answering(&version))
	_, other := asks(t, api, "/api/v1/services?watch=true&resourceVersion=90")
	if got, _ := asks(t, api, "/api/v1/pods?watch=true&resourceVersion=100"); got != http.StatusOK || told != 0 {
		t.Fatal("taken for restored though it was not")
	}
	version = 99
	if got, _ := asks(t, api, "/api/v1/pods?watch=true&resourceVersion=100"); got != http.StatusGone || told != 1 {
		t.Errorf("not noticed: %d", got)
	}
	if _, err := other.Read(make([]byte, 1)); err == nil {
		t.Error("another watch goes on")
	}
	version = 200 // others write on
	if got, _ := asks(t, api, "/api/v1/services?watch=true&resourceVersion=100"); got != http.StatusGone || told != 1 {
		t.Errorf("another watch may go on: %d", got)
	}
}

func TestWhatTheAPIServerAnswersWhenItIsAskedForItsVersionIsTheAnswerToTheWatch(t *testing.T) {
	api := newRestoration().WrapTransport(promhttp.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Body: http.NoBody, Request: r}, nil
	}))
	if got, _ := asks(t, api, "/api/v1/pods?watch=true&resourceVersion=100"); got != http.StatusServiceUnavailable {
		t.Error(got)
	}
}
