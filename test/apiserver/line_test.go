package apiserver

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	nethttp "net/http"
	"strings"
	"sync"

	"k8s.io/client-go/rest"

	"github.com/zen-lead/zen-lead/controllers"
)

// line is an operator's connection to the API server, which tests disturb and listen to.
type line struct {
	mutex    sync.Mutex
	changed  *sync.Cond
	severed  bool
	stalled  map[string]int // by resource, how many events its watches may still bring
	streams  map[*stream]bool
	requests []string
	troubles []*trouble
	// forbidden are the resources that the line answers for as an API server that allows nothing, expired the watches whose versions it says it has no
	// longer when they go on.
	forbidden, expired map[string]bool
}

// trouble is what happens to one request that is still to come.
type trouble struct {
	request string
	reached chan struct{} // closed when the request is there
	release chan struct{} // the request goes on once this is closed; nil if it fails
}

var errLine = errors.New("the line is down")

// review is how a question to the API server about a right looks on the line: it is in no namespace.
const review = "POST"

func newLine() *line {
	l := &line{stalled: map[string]int{}, streams: map[*stream]bool{}, forbidden: map[string]bool{}, expired: map[string]bool{}}
	l.changed = sync.NewCond(&l.mutex)
	return l
}

// wire is the option that has an operator use the line.
func (l *line) wire(_ *controllers.Options, config *rest.Config) {
	config.Wrap(func(next nethttp.RoundTripper) nethttp.RoundTripper { return &tap{line: l, next: next} })
}

// stall has the watches of a resource bring nothing more. What happens is kept for thaw.
func (l *line) stall(resource string) {
	l.do(func() { l.stalled[resource] = 0 })
}

// letThrough has the stalled watches of a resource bring the next event.
func (l *line) letThrough(resource string) {
	l.do(func() { l.stalled[resource]++ })
}

func (l *line) thaw(resource string) {
	l.do(func() { delete(l.stalled, resource) })
}

// cut breaks what is open, and refuses every request.
func (l *line) cut() {
	l.do(func() {
		l.severed = true
		for s := range l.streams {
			s.end(errLine)
		}
	})
}

func (l *line) mend() {
	l.do(func() { l.severed = false })
}

// hold keeps the next such request waiting until it is released.
func (l *line) hold(request string) (reached <-chan struct{}, release func()) {
	held := &trouble{request: request, reached: make(chan struct{}), release: make(chan struct{})}
	l.do(func() { l.troubles = append(l.troubles, held) })
	return held.reached, sync.OnceFunc(func() { close(held.release) })
}

// fail has the next such request fail, and returns what is closed when that has happened.
func (l *line) fail(request string) <-chan struct{} {
	failing := &trouble{request: request, reached: make(chan struct{})}
	l.do(func() { l.troubles = append(l.troubles, failing) })
	return failing.reached
}

func (l *line) do(change func()) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	change()
	l.changed.Broadcast()
}

// count returns a poll of how often something was asked for: "GET pods", "PUT services my-app-leader". Of watches, as "WATCH pods",
// those count that have begun: older API servers refuse to have a watch bring what there is, and are asked for a list then.
func (l *line) count(request string) func() int {
	return func() int {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		count := 0
		for _, asked := range l.requests {
			if asked == request {
				count++
			}
		}
		return count
	}
}

// writes are the requests that are not reads.
func (l *line) writes() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	writes := []string{}
	for _, asked := range l.requests {
		if asked != review && !strings.HasPrefix(asked, "GET") && !strings.HasPrefix(asked, "WATCH") {
			writes = append(writes, asked)
		}
	}
	return writes
}

// enter notes a request and takes the trouble that waits for it.
func (l *line) enter(request string) (*trouble, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.severed {
		return nil, errLine
	}
	if !strings.HasPrefix(request, "WATCH ") {
		l.requests = append(l.requests, request)
	}
	for i, waiting := range l.troubles {
		if waiting.request == request {
			l.troubles = append(l.troubles[:i:i], l.troubles[i+1:]...)
			close(waiting.reached)
			return waiting, nil
		}
	}
	return nil, nil
}

// tap is the line as an HTTP client sees it.
type tap struct {
	line *line
	next nethttp.RoundTripper
}

func (t *tap) RoundTrip(request *nethttp.Request) (*nethttp.Response, error) {
	text, resource := describe(request)
	trouble, err := t.line.enter(text)
	switch {
	case err != nil:
		return nil, err
	case trouble != nil && trouble.release == nil:
		return nil, errLine
	case trouble != nil:
		select {
		case <-trouble.release:
		case <-request.Context().Done():
			return nil, request.Context().Err()
		}
	}
	if refusal := t.line.refusal(text, resource, selection(request)); refusal != nil {
		return refused(request, refusal)
	}
	response, err := t.next.RoundTrip(request)
	if err == nil && response.StatusCode == nethttp.StatusOK && strings.HasPrefix(text, "WATCH ") {
		tapped := &stream{
			line: t.line, resource: resource, selection: selection(request), body: response.Body, events: bufio.NewReader(response.Body),
			protobuf: strings.Contains(response.Header.Get("Content-Type"), "protobuf"),
		}
		t.line.do(func() {
			t.line.streams[tapped] = true
			t.line.requests = append(t.line.requests, text)
		})
		response.Body = tapped
	}
	return response, err
}

// describe says what a request is about. Paths are /api/v1/namespaces/ns/resource/name or /apis/group/version/namespaces/...
func describe(request *nethttp.Request) (text, resource string) {
	_, path, _ := strings.Cut(request.URL.Path, "/namespaces/")
	parts := append(strings.Split(path, "/"), "", "")
	method := request.Method
	if request.URL.Query().Get("watch") != "" {
		method = "WATCH"
	}
	return strings.TrimSpace(method + " " + parts[1] + " " + parts[2]), parts[1]
}

// stream is the body of a watch's response. It brings whole events, or none.
type stream struct {
	line      *line
	resource  string
	selection string
	body      io.ReadCloser
	events    *bufio.Reader
	protobuf  bool
	ended     error  // how, once it has
	event     []byte // what has not been read of the current one
}

func (s *stream) Read(into []byte) (int, error) {
	if len(s.event) == 0 {
		event, err := s.next()
		if err := s.line.pass(s, err); err != nil {
			return 0, err
		}
		s.event = event
	}
	count := copy(into, s.event)
	s.event = s.event[count:]
	return count, nil
}

// next reads one event: a line of JSON, or its length in four bytes and as many bytes.
// Source: k8s.io/apimachinery/pkg/util/framer.
func (s *stream) next() ([]byte, error) {
	if !s.protobuf {
		return s.events.ReadBytes('\n')
	}
	length := make([]byte, 4)
	if _, err := io.ReadFull(s.events, length); err != nil {
		return nil, err
	}
	event := make([]byte, 4+binary.BigEndian.Uint32(length))
	copy(event, length)
	_, err := io.ReadFull(s.events, event[4:])
	return event, err
}

// pass waits until the line lets an event through, if there is one.
func (l *line) pass(s *stream, failed error) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for {
		left, stalled := l.stalled[s.resource]
		switch {
		case s.ended != nil:
			return s.ended
		case failed != nil || !stalled:
			return failed
		case left > 0:
			l.stalled[s.resource]--
			return nil
		}
		l.changed.Wait()
	}
}

func (s *stream) Close() error {
	s.line.do(func() {
		s.ended = errLine
		delete(s.line.streams, s)
	})
	return s.body.Close()
}

// end has a stream end with an error, or as the API server ends it: io.EOF.
func (s *stream) end(err error) {
	s.ended = err
	go s.body.Close() //nolint:errcheck // it is to be broken
}
