package replica

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
)

// Audit follows the API server's audit log and counts what one user asks for. The log is written just after a request has been answered:
// give the last ones a moment.
type Audit struct {
	path, user string
	log        *os.File
	unfinished []byte // a line whose end has not been written yet
}

// OpenAudit begins to count now: what stands in the log already is passed over.
func OpenAudit(path, user string) (*Audit, error) {
	log, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the audit log: %w", err)
	}
	a := &Audit{path: path, user: user, log: log}
	if _, err := a.Requests(); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// Close ends it.
func (a *Audit) Close() error {
	return a.log.Close()
}

// Requests are those since the last call, by verb and resource, such as "update endpointslices", "create events", "update pods/status" or
// "get /apis". A watch counts once it has begun, and everything else once it has been answered.
func (a *Audit) Requests() (map[string]int, error) {
	requests := map[string]int{}
	for {
		successor, err := a.successor()
		if err != nil {
			return nil, err
		}
		if err := a.countRest(requests); err != nil {
			return nil, err
		}
		if successor == nil {
			return requests, nil
		}
		former := a.log
		a.log = successor
		if err := former.Close(); err != nil {
			return nil, err
		}
	}
}

// countRest reads to the end of the file as it is now.
func (a *Audit) countRest(requests map[string]int) error {
	content, err := io.ReadAll(a.log)
	if err != nil {
		return fmt.Errorf("reading the audit log: %w", err)
	}
	a.unfinished = append(a.unfinished, content...)
	for {
		line, rest, found := bytes.Cut(a.unfinished, []byte("\n"))
		if !found {
			return nil
		}
		a.unfinished = rest
		if err := a.count(line, requests); err != nil {
			return err
		}
	}
}

// successor is the new file where the API server has put the old one aside, as it does at 100 MB: nothing is added to the old one then.
// One line is never in two files.
func (a *Audit) successor() (*os.File, error) {
	current, err := os.Stat(a.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // it is just doing so
	}
	if err != nil {
		return nil, err
	}
	opened, err := a.log.Stat()
	if err != nil || os.SameFile(opened, current) {
		return nil, err
	}
	return os.Open(a.path)
}

// count takes one line of the log.
func (a *Audit) count(line []byte, requests map[string]int) error {
	if !bytes.Contains(line, []byte(a.user)) {
		return nil // most lines are of others, and reading them costs
	}
	var event auditv1.Event
	if err := json.Unmarshal(line, &event); err != nil {
		return fmt.Errorf("reading the audit log: %w", err)
	}
	if event.User.Username == a.user && event.Stage == stageThatCounts(event.Verb) {
		requests[event.Verb+" "+target(&event)]++
	}
	return nil
}

// stageThatCounts is the one that every request reaches once, and in time: a watch is completed only when it ends.
func stageThatCounts(verb string) auditv1.Stage {
	if verb == "watch" {
		return auditv1.StageResponseStarted
	}
	return auditv1.StageResponseComplete
}

// target is the resource that was asked for, or the path of what is none.
func target(event *auditv1.Event) string {
	switch {
	case event.ObjectRef == nil:
		return event.RequestURI
	case event.ObjectRef.Subresource != "":
		return event.ObjectRef.Resource + "/" + event.ObjectRef.Subresource
	default:
		return event.ObjectRef.Resource
	}
}
