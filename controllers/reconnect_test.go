package controllers

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func TestAWatchTriesUntilTheAPIServerIsBackAndNothingElseDoes(t *testing.T) {
	failures := 0
	api := (&reconnecting{now: time.Now}).WrapTransport(promhttp.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
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
		api := (&reconnecting{now: time.Now}).WrapTransport(promhttp.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
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

func TestAWatchTriesAgainIfAnAPIServerForbidsForAMomentWhatItHasAllowed(t *testing.T) {
	now, forbidding := time.Now(), 0
	api := (&reconnecting{now: func() time.Time { return now }}).WrapTransport(promhttp.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
		code := http.StatusOK
		if forbidding--; forbidding >= 0 {
			now = now.Add(2 * time.Second)
			code = http.StatusForbidden
		}
		return &http.Response{StatusCode: code, Body: http.NoBody, Request: r}, nil
	}))
	const watch, list = "/api/v1/pods?watch=true", "/api/v1/pods?resourceVersion=1"
	for _, step := range []struct {
		what      string
		asked     string
		forbidden int
		want      int
	}{
		{"before it was ever allowed", watch, 1, http.StatusForbidden},
		{"allowed", watch, 0, http.StatusOK},
		{"forbidden for a moment", watch, 2, http.StatusOK},
		{"forbidden for longer", watch, 4, http.StatusForbidden},
		{"and then no longer expected", watch, 1, http.StatusForbidden},
		{"allowed again", watch, 0, http.StatusOK},
		{"and forbidden for a moment", list, 1, http.StatusOK},
	} {
		forbidding = step.forbidden
		if got, _ := asks(t, api, step.asked); got != step.want || forbidding > 0 {
			t.Errorf("%s: %d, %d answers left", step.what, got, forbidding)
		}
	}
}
