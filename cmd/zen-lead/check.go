package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// longestCheck is how long a check goes on before it fails. A rollout may be under way.
	longestCheck = time.Minute
	// longestAnswer is how long a single answer may take; the operator itself waits ten seconds for the API server.
	longestAnswer = 15 * time.Second
	// unknownToken belongs to nobody: the certificate is not verified, so a token that is worth something must not be shown.
	unknownToken = "nobody"
)

// checkMetrics asks a replica for its metrics, as `helm test` does, until it answers as it should: with the metrics over plain HTTP, and
// over TLS with 401 for a token of nobody. To say so it has asked the API server, with the rights that it needs for that.
func checkMetrics(ctx context.Context, url string, out io.Writer) error {
	client := &http.Client{Timeout: longestAnswer, Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // by default nobody can verify it, and nothing is confided
	}}
	var latest error
	err := wait.PollUntilContextTimeout(ctx, time.Second, longestCheck, true, func(ctx context.Context) (bool, error) {
		found := askForMetrics(ctx, client, url)
		if ctx.Err() == nil || latest == nil { // what the end of the time has interrupted says less than what was found before
			latest = found
		}
		return found == nil, nil
	})
	if err != nil {
		return fmt.Errorf("--check-metrics: %w", latest)
	}
	_, err = fmt.Fprintln(out, url, "is served, and to those alone who may read it")
	return err
}

func askForMetrics(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+unknownToken)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // nothing was written
	expected := http.StatusUnauthorized
	if request.URL.Scheme == "http" {
		expected = http.StatusOK
	}
	if response.StatusCode != expected {
		return fmt.Errorf("%s answers %s, and should answer %d", url, response.Status, expected)
	}
	return nil
}
