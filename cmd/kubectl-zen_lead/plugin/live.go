package plugin

import (
	"context"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers"
)

// How long to wait until a watch that has failed is tried again: a second at most, because somebody is looking.
var retries = wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 5, Cap: time.Second}

// live is a reading that watches keep current.
type live struct {
	*reading
	// mutex keeps the watches from changing what is looked at meanwhile: what is looked at is of one moment.
	mutex sync.RWMutex
	// changed has something once there is news since it was last emptied.
	changed chan struct{}
	// failed has the first failure of a watch before it had ever brought anything.
	failed chan error
	synced []chan struct{}
	told   connection
}

// follow watches the cluster's namespace, or all, until the context ends. It returns once everything has been read.
func (c *cli) follow(ctx context.Context, from *cluster) (*live, error) {
	l := &live{reading: newReading(c.clock), changed: make(chan struct{}, 1), failed: make(chan error, 1), told: connection{say: func(text string) {
		say(c.ErrOut, "%s", text)
	}}}
	for _, kind := range l.kinds() {
		l.watch(ctx, from, kind)
	}
	for _, synced := range l.synced {
		select {
		case <-synced:
		case err := <-l.failed:
			return nil, err
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return l, l.watchLeases(ctx, from)
}

// watchLeases watches Leases if a Service follows one, and they may be watched. A Lease that is followed only later is not seen.
func (l *live) watchLeases(ctx context.Context, from *cluster) error {
	followed := l.followed()
	if len(followed) == 0 {
		return nil
	}
	err := from.List(ctx, &coordinationv1.LeaseList{}, client.InNamespace(from.namespace), client.Limit(1))
	if apierrors.IsForbidden(err) {
		for _, lease := range followed {
			l.unreadable[lease] = err
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading Leases: %w", err)
	}
	l.watch(ctx, from, kind{
		plural: "Leases", list: func() client.ObjectList { return &coordinationv1.LeaseList{} }, example: &coordinationv1.Lease{}, into: l.snapshot.Leases,
	})
	select {
	case <-l.synced[len(l.synced)-1]:
		return nil
	case err := <-l.failed:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// watch keeps one kind current.
func (l *live) watch(ctx context.Context, from *cluster, kind kind) {
	store := &liveStore{SnapshotOf: kind.into, live: l, synced: make(chan struct{})}
	l.synced = append(l.synced, store.synced)
	options := func(raw metav1.ListOptions) *client.ListOptions {
		raw.LabelSelector = kind.selector
		return &client.ListOptions{Namespace: from.namespace, Raw: &raw}
	}
	lists := cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, raw metav1.ListOptions) (runtime.Object, error) {
			list := kind.list()
			err := from.List(ctx, list, options(raw))
			return list, l.noted(ctx, store, kind.plural, err)
		},
		WatchFuncWithContext: func(ctx context.Context, raw metav1.ListOptions) (apiwatch.Interface, error) {
			watched, err := from.Watch(ctx, kind.list(), options(raw))
			return watched, l.noted(ctx, store, kind.plural, err)
		},
	}, from)
	backoff := retries
	reflector := cache.NewReflectorWithOptions(lists, kind.example, store, cache.ReflectorOptions{Name: kind.plural, Backoff: &backoff})
	go reflector.RunWithContext(ctx)
}

// noted takes down whether the API server has answered. What is refused before anything was read ends the command; later it is tried again.
func (l *live) noted(ctx context.Context, store *liveStore, plural string, err error) error {
	if err == nil {
		l.told.answered()
		return nil
	}
	select {
	case <-store.synced:
		if ctx.Err() == nil && !isExpired(err) {
			l.told.lost(err)
		}
	default:
		if !apierrors.IsInvalid(err) { // an API server that is too old to watch from the start; it is listed then
			select {
			case l.failed <- fmt.Errorf("reading %s: %w", plural, err):
			default:
			}
		}
	}
	return err
}

// isExpired is whether the API server no longer has the version that a watch would go on from: it is listed anew then.
func isExpired(err error) bool { return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) }

// connection tells, once, when the API server does not answer, and when it does again.
type connection struct {
	mutex sync.Mutex
	away  bool
	say   func(string)
}

func (c *connection) lost(err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if !c.away {
		c.say(fmt.Sprintf("The API server cannot be watched; trying again until it can: %v", err))
	}
	c.away = true
}

func (c *connection) answered() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.away {
		c.say("The API server answers again.")
	}
	c.away = false
}

// liveStore tells of what a watch changes.
type liveStore struct {
	*controllers.SnapshotOf
	live   *live
	synced chan struct{}
	once   sync.Once
}

func (s *liveStore) change(apply func() error) error {
	s.live.mutex.Lock()
	defer s.live.mutex.Unlock()
	err := apply()
	select {
	case s.live.changed <- struct{}{}:
	default:
	}
	return err
}

// Add adds an object.
func (s *liveStore) Add(object any) error {
	return s.change(func() error { return s.SnapshotOf.Add(object) })
}

// Update replaces an object.
func (s *liveStore) Update(object any) error {
	return s.change(func() error { return s.SnapshotOf.Update(object) })
}

// Delete removes an object.
func (s *liveStore) Delete(object any) error {
	return s.change(func() error { return s.SnapshotOf.Delete(object) })
}

// Replace replaces all objects: they have been listed anew.
func (s *liveStore) Replace(objects []any, version string) error {
	err := s.change(func() error { return s.SnapshotOf.Replace(objects, version) })
	s.once.Do(func() { close(s.synced) })
	return err
}
