package metrics

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/cache"
	authenticationclient "k8s.io/client-go/kubernetes/typed/authentication/v1"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const (
	// allowedFor is how long somebody whom Kubernetes allows to read may go on without being asked for again.
	allowedFor = time.Minute
	// refusedFor is how long somebody else is refused without asking again.
	refusedFor = 10 * time.Second
	// mostVerdicts is how many of either are remembered.
	mostVerdicts = 256
	// reviewsPerSecond and reviewBurst are how many tokens Kubernetes is asked about that it has not allowed lately: who may reach the port may send
	// any number of them, and each is a request to the API server. allowedLately is for how long a token is asked about without that limit.
	reviewsPerSecond = 5
	reviewBurst      = 20
	allowedLately    = time.Hour
	// longestReview is how long the API server may take.
	longestReview = 10 * time.Second
)

// RequireAccess lets those read the metrics whose bearer token Kubernetes knows and whom it allows to get the path. It asks with a
// TokenReview and a SubjectAccessReview. controller-runtime's filter does the same with the API server's own packages, which make the
// program 7 MB larger.
func RequireAccess(config *rest.Config, httpClient *http.Client) (metricsserver.Filter, error) {
	tokens, err := authenticationclient.NewForConfigAndClient(config, httpClient)
	if err != nil {
		return nil, fmt.Errorf("creating the client for token reviews: %w", err)
	}
	subjects, err := authorizationclient.NewForConfigAndClient(config, httpClient)
	if err != nil {
		return nil, fmt.Errorf("creating the client for access reviews: %w", err)
	}
	gate := &gate{
		tokens: tokens.TokenReviews(), subjects: subjects.SubjectAccessReviews(),
		verdicts: cache.NewLRUExpireCache(mostVerdicts), allowed: cache.NewLRUExpireCache(mostVerdicts),
		unknown: flowcontrol.NewTokenBucketRateLimiter(reviewsPerSecond, reviewBurst),
	}
	return func(log logr.Logger, page http.Handler) (http.Handler, error) {
		return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
			status, err := gate.judge(request)
			switch {
			case err != nil:
				log.Error(err, "Could not find out who may read the metrics")
				http.Error(response, "Kubernetes could not be asked who may read this", http.StatusInternalServerError)
			case status != http.StatusOK:
				http.Error(response, http.StatusText(status), status)
			default:
				page.ServeHTTP(response, request)
			}
		}), nil
	}, nil
}

// gate judges requests.
type gate struct {
	tokens   authenticationclient.TokenReviewInterface
	subjects authorizationclient.SubjectAccessReviewInterface
	// verdicts are statuses by the hash of token, verb and path.
	verdicts *cache.LRUExpireCache
	// allowed are the same hashes, of those that were allowed lately.
	allowed *cache.LRUExpireCache
	// unknown has room for questions about all others.
	unknown flowcontrol.RateLimiter
}

// judge is the status that a request deserves: OK, Unauthorized, Forbidden, or TooManyRequests where Kubernetes is not asked.
func (g *gate) judge(request *http.Request) (int, error) {
	token := bearerToken(request)
	if token == "" {
		return http.StatusUnauthorized, nil
	}
	verb, path := strings.ToLower(request.Method), request.URL.Path
	key := sha256.Sum256([]byte(verb + "\x00" + path + "\x00" + token))
	if known, ok := g.verdicts.Get(key); ok {
		return known.(int), nil
	}
	if _, known := g.allowed.Get(key); !known && !g.unknown.TryAccept() {
		return http.StatusTooManyRequests, nil
	}
	ctx, cancel := context.WithTimeout(request.Context(), longestReview)
	defer cancel()
	status, err := g.review(ctx, token, verb, path)
	if err != nil {
		return 0, err
	}
	lasts := refusedFor
	if status == http.StatusOK {
		lasts = allowedFor
		g.allowed.Add(key, true, allowedLately)
	}
	g.verdicts.Add(key, status, lasts)
	return status, nil
}

// review asks Kubernetes whose the token is and whether he may.
func (g *gate) review(ctx context.Context, token, verb, path string) (int, error) {
	whose, err := g.tokens.Create(ctx, &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token}}, metav1.CreateOptions{})
	if err != nil {
		return 0, fmt.Errorf("reviewing a token: %w", err)
	}
	if !whose.Status.Authenticated {
		return http.StatusUnauthorized, nil
	}
	user := whose.Status.User
	extra := make(map[string]authorizationv1.ExtraValue, len(user.Extra))
	for key, values := range user.Extra {
		extra[key] = authorizationv1.ExtraValue(values)
	}
	may, err := g.subjects.Create(ctx, &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user.Username, UID: user.UID, Groups: user.Groups, Extra: extra,
		NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: path, Verb: verb},
	}}, metav1.CreateOptions{})
	if err != nil {
		return 0, fmt.Errorf("reviewing the access of %s: %w", user.Username, err)
	}
	if !may.Status.Allowed {
		return http.StatusForbidden, nil
	}
	return http.StatusOK, nil
}

// bearerToken is the request's token; empty if it has none.
// Source: RFC 6750, section 2.1.
func bearerToken(request *http.Request) string {
	scheme, token, _ := strings.Cut(strings.TrimSpace(request.Header.Get("Authorization")), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
