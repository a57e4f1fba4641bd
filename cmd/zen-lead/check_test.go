package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// answering serves these statuses one after the other, and then the last of them.
func answering(t *testing.T, start func(http.Handler) *httptest.Server, statuses ...int) string {
	t.Helper()
	var asked atomic.Int64
	server := start(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if got := request.Header.Get("Authorization"); got != "Bearer nobody" {
			t.Errorf("it showed %q", got)
		}
		next := min(int(asked.Add(1)), len(statuses))
		response.WriteHeader(statuses[next-1])
	}))
	t.Cleanup(server.Close)
	return server.URL + "/metrics"
}

func TestMetricsThatAreRefusedToATokenOfNobodyAreServedAsTheyShould(t *testing.T) {
	out := &bytes.Buffer{}
	url := answering(t, httptest.NewTLSServer, http.StatusInternalServerError, http.StatusUnauthorized)
	if err := checkMetrics(t.Context(), url, out); err != nil || !strings.HasPrefix(out.String(), url) {
		t.Errorf("got %v, %q", err, out)
	}
}

func TestMetricsOverPlainHTTPAreForEverybody(t *testing.T) {
	if err := checkMetrics(t.Context(), answering(t, httptest.NewServer, http.StatusOK), &bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}

func TestTheCheckSaysWhatWasAnsweredInstead(t *testing.T) {
	for _, test := range []struct {
		url  string
		want string
	}{
		{answering(t, httptest.NewTLSServer, http.StatusInternalServerError), "answers 500 Internal Server Error, and should answer 401"},
		{answering(t, httptest.NewTLSServer, http.StatusOK), "answers 200 OK, and should answer 401"},
		{answering(t, httptest.NewServer, http.StatusUnauthorized), "answers 401 Unauthorized, and should answer 200"},
		{"https://127.0.0.1:1/metrics", "connection refused"},
	} {
		ctx, end := context.WithTimeout(t.Context(), 500*time.Millisecond)
		err := checkMetrics(ctx, test.url, &bytes.Buffer{})
		end()
		if err == nil || !strings.HasPrefix(err.Error(), "--check-metrics: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.url, err, test.want)
		}
	}
}
