package controllers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/utils/clock"
)

// restoration notices that etcd has been put back to an older state, as when a cluster is restored from a backup, and has all watches begin
// anew then. Resource versions begin again at a lower one, and a watch that goes on from where it was is told nothing until they have
// grown past that: the caches would show, perhaps for days, what no longer is. Kubernetes itself asks that everything that watches be
// restarted after a restoration; but a restart would also forget the epochs that were reached.
//
// Two things tell. Before a watch goes on from a version, as all do once an API server has been away, etcd's own version is asked for: it is lower
// then. And the Lease of the replicas has gone back: every replica reads or writes it every few seconds, straight from etcd.
type restoration struct {
	// restored is told of it.
	restored func()

	mutex sync.Mutex
	// last is the resource version that the Lease was last seen with.
	last string
	// watched are the lists that are watched, and outdated those of them that have not been listed again since.
	watched, outdated map[string]bool
	// live is the context of all watches, and end ends them.
	live context.Context //nolint:containedctx // it is of requests that others make
	end  context.CancelFunc
}

func newRestoration() *restoration {
	r := &restoration{restored: func() {}, watched: map[string]bool{}, outdated: map[string]bool{}}
	r.live, r.end = context.WithCancel(context.Background())
	return r
}

// noteLease takes down the resource version of the Lease as the API server has just told it.
func (r *restoration) noteLease(version string) {
	r.mutex.Lock()
	before := r.last
	r.last = version
	r.mutex.Unlock()
	if before != "" && isLater(before, version) {
		r.beginAnew()
	}
}

// beginAnew has all that is watched listed as it is now.
func (r *restoration) beginAnew() {
	r.mutex.Lock()
	for list := range r.watched {
		r.outdated[list] = true
	}
	end := r.end
	r.live, r.end = context.WithCancel(context.Background())
	r.mutex.Unlock()
	r.restored()
	end()
}

// WrapTransport has watches end when etcd was restored, and each list that is then asked for from a resource version of before be refused once,
// as one that has expired: so whoever caches it lists it as it is now.
func (r *restoration) WrapTransport(next http.RoundTripper) http.RoundTripper {
	return promhttp.RoundTripperFunc(func(request *http.Request) (*http.Response, error) {
		if !isCaching(request) {
			return next.RoundTrip(request)
		}
		query := request.URL.Query()
		watching := query.Get("watch") == "true"
		list := request.URL.Path + " " + query.Get("labelSelector") + " " + query.Get("fieldSelector")
		live, refused := r.begin(list, query.Get("resourceVersion"), watching)
		if refused {
			return expired(request)
		}
		if !watching {
			return next.RoundTrip(request)
		}
		if from := query.Get("resourceVersion"); from != "" && from != "0" {
			current, response, err := currentVersion(request, next)
			if current == "" {
				return response, err
			}
			if isLater(from, current) {
				r.beginAnew()
				return expired(request)
			}
		}
		ctx, cancel := context.WithCancel(request.Context())
		release := context.AfterFunc(live, cancel)
		response, err := next.RoundTrip(request.WithContext(ctx))
		if err != nil {
			release()
			cancel()
			return nil, err
		}
		response.Body = &watchBody{ReadCloser: response.Body, end: func() { release(); cancel() }}
		return response, nil
	})
}

// currentVersion is etcd's, by a list of one object of what a watch is about to watch. Without it, there is what the API server has answered instead.
func currentVersion(watch *http.Request, through http.RoundTripper) (version string, response *http.Response, err error) {
	request := watch.Clone(watch.Context())
	query := watch.URL.Query()
	request.URL.RawQuery = url.Values{
		"labelSelector": query["labelSelector"], "fieldSelector": query["fieldSelector"], "limit": {"1"},
	}.Encode()
	request.Header.Set("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
	response, err = through.RoundTrip(request)
	if err == nil && response.StatusCode == http.StatusGatewayTimeout { // of this request, not of the watch: it may be tried again
		response.StatusCode = http.StatusServiceUnavailable
	}
	if err != nil || response.StatusCode != http.StatusOK {
		return "", response, err
	}
	defer response.Body.Close() //nolint:errcheck // it has been read
	var list metav1.PartialObjectMetadataList
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		return "", nil, fmt.Errorf("reading %s: %w", request.URL.Path, err)
	}
	return list.ResourceVersion, nil, nil
}

// begin is whether a list or watch may go on from a resource version, and the context that it lives in.
func (r *restoration) begin(list, version string, watching bool) (live context.Context, refused bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if watching {
		r.watched[list] = true
	}
	if version == "" || version == "0" {
		delete(r.outdated, list)
	}
	return r.live, r.outdated[list]
}

// watchBody is the answer to a watch.
type watchBody struct {
	io.ReadCloser
	end func()
}

func (b *watchBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}

// expired is what the API server answers to who asks for a resource version that it no longer has.
func expired(request *http.Request) (*http.Response, error) {
	body, err := json.Marshal(metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
		Reason: metav1.StatusReasonExpired, Code: http.StatusGone, Message: "etcd was restored to an older state since",
	})
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: http.StatusText(http.StatusGone), StatusCode: http.StatusGone, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)), Request: request,
	}, nil
}

// notedLeases are clients of Leases that note the resource versions they are told.
type notedLeases struct {
	coordinationclient.CoordinationV1Interface
	note  func(version string, asked time.Time)
	clock clock.PassiveClock
}

// Leases are those of a namespace.
func (l notedLeases) Leases(namespace string) coordinationclient.LeaseInterface {
	return notedLease{l.CoordinationV1Interface.Leases(namespace), l}
}

type notedLease struct {
	coordinationclient.LeaseInterface
	of notedLeases
}

// Get reads a Lease.
func (l notedLease) Get(ctx context.Context, name string, options metav1.GetOptions) (*coordinationv1.Lease, error) {
	asked := l.of.clock.Now()
	return l.noted(asked)(l.LeaseInterface.Get(ctx, name, options))
}

// Create makes a Lease.
func (l notedLease) Create(ctx context.Context, lease *coordinationv1.Lease, options metav1.CreateOptions) (*coordinationv1.Lease, error) {
	asked := l.of.clock.Now()
	return l.noted(asked)(l.LeaseInterface.Create(ctx, lease, options))
}

// Update writes a Lease.
func (l notedLease) Update(ctx context.Context, lease *coordinationv1.Lease, options metav1.UpdateOptions) (*coordinationv1.Lease, error) {
	asked := l.of.clock.Now()
	return l.noted(asked)(l.LeaseInterface.Update(ctx, lease, options))
}

// noted notes what was answered to a request.
func (l notedLease) noted(asked time.Time) func(*coordinationv1.Lease, error) (*coordinationv1.Lease, error) {
	return func(lease *coordinationv1.Lease, err error) (*coordinationv1.Lease, error) {
		if err == nil {
			l.of.note(lease.ResourceVersion, asked)
		}
		return lease, err
	}
}
