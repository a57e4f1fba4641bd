// Package wire is the line between one replica of the operator and the API server: a proxy that can be told to fail in the ways in which
// networks and API servers do. It speaks plain HTTP on loopback to the replica, and TLS with the replica's certificate to the API server.
package wire

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"k8s.io/client-go/rest"
)

// Wire is one such line. Without trouble it lets everything through.
type Wire struct {
	server *http.Server
	url    string

	mutex   sync.Mutex
	trouble Trouble
	changed chan struct{}      // closed when the trouble changes
	live    context.Context    // of the requests that are under way
	cut     context.CancelFunc // ends them
	hits    map[string]int
	expired map[string]bool // the watches that have been refused since the trouble began
}

// New opens a line to the API server of a configuration, whose credentials it uses.
func New(config *rest.Config) (*Wire, error) {
	target, err := url.Parse(config.Host)
	if err != nil {
		return nil, err
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &Wire{url: "http://" + listener.Addr().String(), changed: make(chan struct{}), hits: map[string]int{}}
	w.live, w.cut = context.WithCancel(context.Background())
	proxy := &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:      transport,
		FlushInterval:  -1, // a watch is a response that never ends
		ModifyResponse: w.holdWatch,
		ErrorLog:       log.New(io.Discard, "", 0), // failing is what it is for
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
			panic(http.ErrAbortHandler) // the client sees its connection end, as it would without us
		},
	}
	w.server = &http.Server{Handler: w.between(proxy), ReadHeaderTimeout: time.Minute}
	go w.server.Serve(listener) //nolint:errcheck // ends with Close
	return w, nil
}

// URL is where the replica finds the API server.
func (w *Wire) URL() string { return w.url }

// Close ends the line.
func (w *Wire) Close() error {
	w.cut()
	return w.server.Close()
}

// Make makes this trouble from now on, in place of any other; the zero value mends the line. What the trouble cuts is cut at once.
func (w *Wire) Make(trouble Trouble) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.trouble, w.expired = trouble, map[string]bool{}
	close(w.changed)
	w.changed = make(chan struct{})
	if trouble.Cut {
		w.cut()
		w.live, w.cut = context.WithCancel(context.Background())
	}
}

// watchedBy is what a watch is of, or empty.
func watchedBy(request *http.Request) string {
	if !isWatch(request) || request.URL.Query().Get("resourceVersion") == "" {
		return ""
	}
	return request.URL.Path + " " + request.URL.Query().Get("labelSelector") + " " + request.URL.Query().Get("fieldSelector")
}

// CutNow ends all that is under way, once.
func (w *Wire) CutNow() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.hits["cut"]++
	w.cut()
	w.live, w.cut = context.WithCancel(context.Background())
}

// Hits are how often a trouble has met a request, by its kind.
func (w *Wire) Hits() map[string]int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	hits := map[string]int{}
	for kind, count := range w.hits {
		hits[kind] = count
	}
	return hits
}

// between meets each request with the trouble of its moment, and has what it lets through end when the line is cut.
func (w *Wire) between(next http.Handler) http.Handler {
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		w.mutex.Lock()
		meets, live := w.trouble, w.live
		kind, answer := meets.answers(request)
		if watched := watchedBy(request); meets.ExpireWatches && answer == nil && watched != "" && !w.expired[watched] {
			w.expired[watched] = true
			kind, answer = string(expired), expired.write
		}
		if kind != "" {
			w.hits[kind]++
		}
		w.mutex.Unlock()
		if meets.Cut {
			panic(http.ErrAbortHandler)
		}
		ctx, cancel := context.WithCancel(request.Context())
		defer cancel()
		defer context.AfterFunc(live, cancel)()
		if meets.Silent && !w.silenceOver(ctx) || meets.Delay > 0 && !pause(ctx, meets.Delay) {
			panic(http.ErrAbortHandler)
		}
		if answer != nil {
			answer(response)
			return
		}
		next.ServeHTTP(response, request.WithContext(ctx))
	})
}

// holdWatch makes the answer to a watch one that can be stalled.
func (w *Wire) holdWatch(response *http.Response) error {
	if isWatch(response.Request) {
		response.Body = &stream{ReadCloser: response.Body, wire: w, ctx: response.Request.Context()}
	}
	return nil
}

// stream is the answer to a watch.
type stream struct {
	io.ReadCloser
	wire *Wire
	ctx  context.Context //nolint:containedctx // Read has none
}

// Read hands over what has come once the line is not stalled.
func (s *stream) Read(into []byte) (int, error) {
	count, err := s.ReadCloser.Read(into)
	for {
		s.wire.mutex.Lock()
		stalled, changed := s.wire.trouble.StallWatches || s.wire.trouble.Silent, s.wire.changed
		if stalled && count > 0 {
			s.wire.hits["stalled"]++
		}
		s.wire.mutex.Unlock()
		if !stalled {
			return count, err
		}
		select {
		case <-changed:
		case <-s.ctx.Done():
			return 0, errors.Join(err, s.ctx.Err())
		}
	}
}

// silenceOver waits until the line is no longer silent. It is false if the request ends before.
func (w *Wire) silenceOver(ctx context.Context) bool {
	for {
		w.mutex.Lock()
		silent, changed := w.trouble.Silent, w.changed
		w.mutex.Unlock()
		if !silent {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

func isWatch(request *http.Request) bool {
	return request.Method == http.MethodGet && request.URL.Query().Get("watch") == "true"
}

func pause(ctx context.Context, duration time.Duration) bool {
	select {
	case <-time.After(duration):
		return true
	case <-ctx.Done():
		return false
	}
}
