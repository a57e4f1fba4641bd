package controllers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/pager"
	"k8s.io/client-go/util/watchlist"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	// relistEvery is how soon at the earliest a cache is listed anew once more, on average.
	relistEvery = 500 * time.Millisecond
	// processedWithin is how long to wait until a cache has taken in what it was brought.
	processedWithin = time.Second
)

// relisting has the watch of a cache go on, whatever breaks it, and lists anew at once when the API server no longer has the versions that it would go
// on from: after it was started again, for instance, or when etcd was restored. client-go by itself waits before it does so, longer each time, up to
// a minute; a control plane that is upgraded server by server makes it do so several times in a row. To client-go it is one watch: what
// has changed between two of them is brought to it as if it had been watched.
type relisting struct {
	toolscache.ListerWatcherWithContext
	source  any // as the informer was given it
	example runtime.Object
	store   toolscache.Store
	*informers
}

// informers are those of the caches.
type informers struct {
	// missed is told of cached objects that a new list shows to be gone, and the list's version. What became of them before is not known.
	missed func(object any, version string)
}

// newInformer is the constructor of one.
func (i *informers) newInformer(source toolscache.ListerWatcher, example runtime.Object, resync time.Duration,
	indexers toolscache.Indexers) toolscache.SharedIndexInformer {
	r := &relisting{ListerWatcherWithContext: toolscache.ToListerWatcherWithContext(source), source: source, example: example, informers: i}
	informer := toolscache.NewSharedIndexInformer(r, example, resync, indexers)
	r.store = informer.GetStore()
	return informer
}

// List is there for client-go's interfaces, which have not all got a context yet.
func (r *relisting) List(options metav1.ListOptions) (runtime.Object, error) {
	return r.ListWithContext(context.Background(), options)
}

// Watch is there for the same reason.
func (r *relisting) Watch(options metav1.ListOptions) (apiwatch.Interface, error) {
	return r.WatchWithContext(context.Background(), options)
}

// IsWatchListSemanticsUnSupported passes on what the client says of itself.
func (r *relisting) IsWatchListSemanticsUnSupported() bool {
	return watchlist.DoesClientNotSupportWatchListSemantics(r.source)
}

// WatchWithContext is a watch that outlives the expiry of its versions.
func (r *relisting) WatchWithContext(ctx context.Context, options metav1.ListOptions) (apiwatch.Interface, error) {
	current, err := r.ListerWatcherWithContext.WatchWithContext(ctx, options)
	beginsAnew := options.SendInitialEvents != nil || options.ResourceVersion == ""
	if err != nil && (beginsAnew || !isExpired(err)) {
		return nil, err
	}
	options.SendInitialEvents, options.ResourceVersionMatch = nil, "" // of the watch that may follow this one
	ctx, cancel := context.WithCancel(ctx)
	w := &lastingWatch{relisting: r, options: options, filled: !beginsAnew, events: make(chan apiwatch.Event), cancel: cancel}
	go w.follow(ctx, current)
	return w, nil
}

func isExpired(err error) bool { return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) }

// isPassing is whether the same request may succeed a moment later: there was no answer, or none of the API server's own about the request.
func isPassing(err error) bool {
	if errors.Is(err, errBehind) {
		return false
	}
	status := apierrors.APIStatus(nil)
	return !errors.As(err, &status) || isRefusal(int(status.Status().Code)) || status.Status().Code == http.StatusGatewayTimeout
}

// errBehind says that a cache has not taken in what its watch has brought.
var errBehind = errors.New("the cache has not come as far as its watch")

// relist lists everything anew and brings what differs from the cache.
func (w *lastingWatch) relist(ctx context.Context) error {
	err := wait.PollUntilContextTimeout(ctx, time.Millisecond, processedWithin, true, func(context.Context) (bool, error) {
		return w.store.LastStoreSyncResourceVersion() == w.options.ResourceVersion, nil
	})
	if err != nil {
		return errors.Join(errBehind, err)
	}
	pages := pager.New(pager.SimplePageFunc(func(options metav1.ListOptions) (runtime.Object, error) {
		return w.ListWithContext(ctx, options)
	}))
	list, _, err := pages.ListWithAlloc(ctx, metav1.ListOptions{}) // which isCaching knows by that
	if err != nil {
		return err
	}
	version, changes, err := w.changes(list)
	if err != nil {
		return err
	}
	logf.Log.WithName(Name).Info("Listed anew, because the API server no longer has the versions that were watched",
		"type", fmt.Sprintf("%T", w.example), "version", version)
	for _, change := range changes {
		if !w.send(ctx, change) {
			return ctx.Err()
		}
	}
	w.options.ResourceVersion = version
	return nil
}

// changes are what leads from the cache to a list, with the list's version; the last one is a bookmark for it.
func (w *lastingWatch) changes(list runtime.Object) (version string, changes []apiwatch.Event, err error) {
	listed, err := meta.ListAccessor(list)
	if err != nil {
		return "", nil, err
	}
	version = listed.GetResourceVersion()
	there := map[string]bool{}
	err = meta.EachListItemWithAlloc(list, func(item runtime.Object) error {
		key, err := toolscache.MetaNamespaceKeyFunc(item)
		if err != nil {
			return err
		}
		there[key] = true
		found, err := w.change(key, item, version)
		changes = append(changes, found...)
		return err
	})
	for _, key := range w.store.ListKeys() {
		if there[key] {
			continue
		}
		cached, exists, getErr := w.store.GetByKey(key)
		if exists {
			deletion, deleteErr := w.deletionOf(cached, version)
			changes = append(changes, deletion)
			err = errors.Join(err, deleteErr)
		}
		err = errors.Join(err, getErr)
	}
	bookmark := w.example.DeepCopyObject()
	marked, accessErr := meta.Accessor(bookmark)
	if err = errors.Join(err, accessErr); err != nil {
		return "", nil, err
	}
	marked.SetResourceVersion(version)
	return version, append(changes, apiwatch.Event{Type: apiwatch.Bookmark, Object: bookmark}), nil
}

// change is what leads from the cache to an item that is there. One that was made anew under the same name was deleted before. One of the same version
// is brought again too, as client-go does: where etcd was restored, versions are used again. Who compares it with what was finds no difference.
func (w *lastingWatch) change(key string, item runtime.Object, version string) (changes []apiwatch.Event, err error) {
	cached, exists, err := w.store.GetByKey(key)
	if err != nil {
		return nil, err
	}
	if !exists {
		return []apiwatch.Event{{Type: apiwatch.Added, Object: item}}, nil
	}
	before, err := meta.Accessor(cached)
	if err != nil {
		return nil, err
	}
	now, err := meta.Accessor(item)
	if err != nil {
		return nil, err
	}
	if before.GetUID() == now.GetUID() {
		return []apiwatch.Event{{Type: apiwatch.Modified, Object: item}}, nil
	}
	deletion, err := w.deletionOf(cached, version)
	return []apiwatch.Event{deletion, {Type: apiwatch.Added, Object: item}}, err
}

// deletionOf is the deletion of a cached object that is gone as of a version.
func (w *lastingWatch) deletionOf(cached any, version string) (apiwatch.Event, error) {
	w.missed(cached, version)
	object, ok := cached.(runtime.Object)
	if !ok {
		return apiwatch.Event{}, fmt.Errorf("a %T is cached", cached)
	}
	gone := object.DeepCopyObject() // cached objects are never changed
	accessor, err := meta.Accessor(gone)
	if err != nil {
		return apiwatch.Event{}, err
	}
	accessor.SetResourceVersion(version)
	return apiwatch.Event{Type: apiwatch.Deleted, Object: gone}, nil
}
