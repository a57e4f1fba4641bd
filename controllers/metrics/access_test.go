package metrics_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/client-go/rest"

	"github.com/zen-lead/zen-lead/controllers/metrics"
)

// reviews answers token and access reviews: "good" is the token of alice, who may get /metrics; "poor" that of bob, who may not.
type reviews struct {
	asked  atomic.Int64
	broken atomic.Bool
}

func (r *reviews) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	r.asked.Add(1)
	if r.broken.Load() {
		http.Error(response, "broken", http.StatusServiceUnavailable)
		return
	}
	response.Header().Set("Content-Type", "application/json")
	if request.URL.Path == "/apis/authentication.k8s.io/v1/tokenreviews" {
		var review authenticationv1.TokenReview
		_ = json.NewDecoder(request.Body).Decode(&review)
		user, known := map[string]string{"good": "alice", "poor": "bob"}[review.Spec.Token]
		review.Status = authenticationv1.TokenReviewStatus{Authenticated: known, User: authenticationv1.UserInfo{Username: user}}
		_ = json.NewEncoder(response).Encode(review)
		return
	}
	var review authorizationv1.SubjectAccessReview
	_ = json.NewDecoder(request.Body).Decode(&review)
	wanted := review.Spec.NonResourceAttributes
	review.Status.Allowed = review.Spec.User == "alice" && wanted.Path == "/metrics" && wanted.Verb == "get"
	_ = json.NewEncoder(response).Encode(review)
}

// guarded is a page behind the reviews.
func guarded(t *testing.T, reviews *reviews) http.Handler {
	t.Helper()
	api := httptest.NewServer(reviews)
	t.Cleanup(api.Close)
	filter, err := metrics.RequireAccess(&rest.Config{
		Host: api.URL, QPS: -1, ContentConfig: rest.ContentConfig{ContentType: "application/json"},
	}, api.Client())
	if err != nil {
		t.Fatal(err)
	}
	page, err := filter(logr.Discard(), http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		response.WriteHeader(http.StatusOK)
	}))
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func statusOf(page http.Handler, method, path, authorization string) int {
	request := httptest.NewRequest(method, path, http.NoBody)
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	response := httptest.NewRecorder()
	page.ServeHTTP(response, request)
	return response.Code
}

func TestWhoMayReadTheMetrics(t *testing.T) {
	page := guarded(t, &reviews{})
	for name, test := range map[string]struct {
		method, path, authorization string
		want                        int
	}{
		"allowed":                      {"GET", "/metrics", "Bearer good", http.StatusOK},
		"allowed, in lower case":       {"GET", "/metrics", "bearer  good ", http.StatusOK},
		"allowed, but not that verb":   {"POST", "/metrics", "Bearer good", http.StatusForbidden},
		"allowed, but not that path":   {"GET", "/debug", "Bearer good", http.StatusForbidden},
		"known, but not allowed":       {"GET", "/metrics", "Bearer poor", http.StatusForbidden},
		"a token that nobody has":      {"GET", "/metrics", "Bearer stolen", http.StatusUnauthorized},
		"no token":                     {"GET", "/metrics", "", http.StatusUnauthorized},
		"an empty token":               {"GET", "/metrics", "Bearer ", http.StatusUnauthorized},
		"a password":                   {"GET", "/metrics", "Basic good", http.StatusUnauthorized},
		"a token without its scheme":   {"GET", "/metrics", "good", http.StatusUnauthorized},
		"a scheme that only begins so": {"GET", "/metrics", "Bearers good", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			if got := statusOf(page, test.method, test.path, test.authorization); got != test.want {
				t.Errorf("%d, want %d", got, test.want)
			}
		})
	}
}

func TestKubernetesIsAskedOnceForMany(t *testing.T) {
	reviews := &reviews{}
	page := guarded(t, reviews)
	for _, test := range []struct {
		authorization string
		want          int
		asked         int64
	}{{"Bearer good", http.StatusOK, 2}, {"Bearer poor", http.StatusForbidden, 2}, {"Bearer stolen", http.StatusUnauthorized, 1}} {
		before := reviews.asked.Load()
		for range 3 {
			if got := statusOf(page, "GET", "/metrics", test.authorization); got != test.want {
				t.Errorf("%s: %d", test.authorization, got)
			}
		}
		if got := reviews.asked.Load() - before; got != test.asked {
			t.Errorf("%s: asked %d times, want %d", test.authorization, got, test.asked)
		}
	}
}

func TestNobodyReadsTheMetricsWhileKubernetesCannotBeAsked(t *testing.T) {
	reviews := &reviews{}
	reviews.broken.Store(true)
	page := guarded(t, reviews)
	if got := statusOf(page, "GET", "/metrics", "Bearer good"); got != http.StatusInternalServerError {
		t.Errorf("%d", got)
	}
	reviews.broken.Store(false)
	if got := statusOf(page, "GET", "/metrics", "Bearer good"); got != http.StatusOK {
		t.Errorf("afterwards: %d", got)
	}
}

func TestManyUnknownTokensAreNotAskedAboutAndKeepNobodyOutWhoMayRead(t *testing.T) {
	reviews := &reviews{}
	page := guarded(t, reviews)
	if got := statusOf(page, "GET", "/metrics", "Bearer good"); got != http.StatusOK {
		t.Fatalf("%d", got)
	}
	const many = 500
	refused := 0
	for i := range many {
		if statusOf(page, "GET", "/metrics", fmt.Sprintf("Bearer %d", i)) == http.StatusTooManyRequests {
			refused++
		}
	}
	if asked := reviews.asked.Load() - 2; asked+int64(refused) != many || refused < many/2 { // 20, and 5 more for each second that it takes
		t.Errorf("asked %d times, refused %d", asked, refused)
	}
	if got := statusOf(page, "GET", "/metrics", "Bearer good"); got != http.StatusOK {
		t.Errorf("who may read: %d afterwards", got)
	}
}
