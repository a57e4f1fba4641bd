package controllers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zen-lead/zen-lead/controllers/rights"
)

const (
	// concurrentReviews is how many rights are asked about at a time.
	concurrentReviews = 16
	// longestReviews is how long the API server may take to answer about all of them.
	longestReviews = 10 * time.Second
)

// reviewPace is how soon it is asked again about rights that are missing: often at first, because an installation grants them just then.
var reviewPace = wait.Backoff{Duration: time.Second, Factor: 2, Cap: 30 * time.Second, Steps: 10, Jitter: 0.1}

// missingRights finds out which rights the operator has not been given, and names them in one line of the log. Otherwise every list and
// every watch would complain by itself, again and again, and what only a write needs would be found missing when a leader fails.
//
// It keeps nothing from being done that can be done: only the caches wait, for what they are filled by.
type missingRights struct {
	reviews authorizationclient.SelfSubjectAccessReviewInterface
	needed  []neededRight
	// readable is closed once nothing is known to be missing that caches are filled by.
	readable chan struct{}
	// refused is told that the API server has refused something.
	refused chan struct{}
	// blocking is whether something has been missing since the start. A replica that was ready stays so.
	blocking atomic.Bool

	// missing is what it is asked about next, and told what the log has last said of it.
	missing []neededRight
	told    string
}

// neededRight is one verb in one namespace, or in all.
type neededRight struct {
	rights.Right
	verb, namespace string
}

func newMissingRights(options Options) *missingRights {
	return &missingRights{needed: neededRights(options), readable: make(chan struct{}), refused: make(chan struct{}, 1)}
}

// neededRights are those without which something would fail.
func neededRights(options Options) (needed []neededRight) {
	watched := options.Namespaces
	if len(watched) == 0 {
		watched = []string{corev1.NamespaceAll}
	}
	namespaces := map[rights.Scope][]string{rights.Watched: watched}
	if options.LeaderElection {
		namespaces[rights.System] = []string{options.LeaderElectionNamespace}
	}
	if options.MetricsBindAddress != noAddress && !options.MetricsInsecure {
		namespaces[rights.ClusterWide] = []string{corev1.NamespaceAll}
	}
	for _, right := range rights.All() {
		if right.Unused {
			continue
		}
		for _, namespace := range namespaces[right.Scope] {
			for _, verb := range right.Verbs {
				needed = append(needed, neededRight{right, verb, namespace})
			}
		}
	}
	return needed
}

// fillsCaches is whether there would be a cache that cannot be filled without it.
func (n neededRight) fillsCaches() bool {
	return n.verb == "list" || n.verb == "watch"
}

func (n neededRight) where() string {
	if n.namespace == corev1.NamespaceAll {
		return "cluster-wide"
	}
	return "in namespace " + n.namespace
}

// newCache makes a cache that is filled once that is not known to be in vain.
func (m *missingRights) newCache(config *rest.Config, options cache.Options) (cache.Cache, error) {
	client, err := authorizationclient.NewForConfigAndClient(config, options.HTTPClient)
	if err != nil {
		return nil, fmt.Errorf("creating the client for access reviews: %w", err)
	}
	m.reviews = client.SelfSubjectAccessReviews()
	filled, err := cache.New(config, options)
	return permittedCache{filled, m}, err
}

// permittedCache is a cache that waits for the rights to what it is filled by.
type permittedCache struct {
	cache.Cache
	missing *missingRights
}

// Start asks for rights from now on, and fills the cache.
func (c permittedCache) Start(ctx context.Context) error {
	go c.missing.run(ctx)
	select {
	case <-ctx.Done():
		return nil
	case <-c.missing.readable:
		return c.Cache.Start(ctx)
	}
}

// run asks until nothing is missing, and from then on when something was refused, but not all the time: a refusal may have other causes,
// and last.
func (m *missingRights) run(ctx context.Context) {
	readable := sync.OnceFunc(func() { close(m.readable) })
	m.askUntilComplete(ctx, func(known bool) {
		if !known || !slices.ContainsFunc(m.missing, neededRight.fillsCaches) {
			readable()
		}
		m.blocking.Store(known && len(m.missing) > 0)
	})
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.refused:
			m.askUntilComplete(ctx, func(bool) {})
		}
		pause := time.NewTimer(reviewPace.Cap)
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
	}
}

// askUntilComplete asks about all rights, and again about those that are missing. answered is told each time whether the API server has said.
func (m *missingRights) askUntilComplete(ctx context.Context, answered func(known bool)) {
	m.missing = m.needed
	_ = reviewPace.DelayFunc().Until(ctx, true, true, func(ctx context.Context) (bool, error) { // its only error is the context's
		answered(m.ask(ctx))
		return len(m.missing) == 0, nil
	})
}

// WrapTransport has what the API server refuses noticed.
func (m *missingRights) WrapTransport(next http.RoundTripper) http.RoundTripper {
	return promhttp.RoundTripperFunc(func(request *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if err == nil && response.StatusCode == http.StatusForbidden {
			select {
			case m.refused <- struct{}{}:
			default: // it is known
			}
		}
		return response, err
	})
}

// ask asks about what was missing, and tells what still is; or that the API server does not say, for which nothing has to wait: what is missing
// is refused then when it is used.
func (m *missingRights) ask(ctx context.Context) (known bool) {
	select {
	case <-m.refused: // what has been refused so far is answered by this
	default:
	}
	missing, err := m.review(ctx)
	switch {
	case ctx.Err() != nil:
		return false
	case err != nil:
		m.tell(err.Error(), func() { logf.Log.WithName(Name).Error(err, "Could not find out whether rights are missing") })
		return false
	}
	m.missing = missing
	m.tell(describe(missing), func() {
		if len(missing) == 0 {
			logf.Log.WithName(Name).Info("No rights are missing any longer")
			return
		}
		logf.Log.WithName(Name).Error(errors.New(describe(missing)), "Rights are missing; grant them as config/rbac does")
	})
	return true
}

// tell logs news.
func (m *missingRights) tell(news string, log func()) {
	if news != m.told {
		m.told = news
		log()
	}
}

// review asks the API server about what was missing, and returns what still is.
func (m *missingRights) review(ctx context.Context) ([]neededRight, error) {
	ctx, cancel := context.WithTimeout(ctx, longestReviews)
	defer cancel()
	allowed, failures := make([]bool, len(m.missing)), make([]error, len(m.missing))
	workqueue.ParallelizeUntil(ctx, concurrentReviews, len(m.missing), func(i int) {
		needed := m.missing[i]
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: needed.namespace, Verb: needed.verb, Group: needed.Group, Resource: needed.Resource, Name: needed.Name,
			},
		}}
		answer, err := m.reviews.Create(ctx, review, metav1.CreateOptions{})
		if failures[i] = err; err == nil {
			allowed[i] = answer.Status.Allowed
		}
	})
	var missing []neededRight
	for i, needed := range m.missing {
		if err := failures[i]; err != nil {
			return nil, fmt.Errorf("asking whether the operator may %s %s: %w", needed.Describe(needed.verb), needed.where(), err)
		}
		if !allowed[i] {
			missing = append(missing, needed)
		}
	}
	return missing, ctx.Err()
}

// describe lists rights by where they are missing: "list pods, watch pods in namespace team-a; ...".
func describe(missing []neededRight) string {
	var wheres []string
	verbs := map[string][]string{}
	for _, right := range missing {
		where := right.where()
		if verbs[where] == nil {
			wheres = append(wheres, where)
		}
		verbs[where] = append(verbs[where], right.Describe(right.verb))
	}
	for i, where := range wheres {
		wheres[i] = strings.Join(verbs[where], ", ") + " " + where
	}
	return strings.Join(wheres, "; ")
}
