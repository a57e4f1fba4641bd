package controlplane

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
)

// Audit follows the API server's audit log of what one user asks for. The log is written just after a request has been answered: give the
// last ones a moment.
type Audit struct {
	path, user string
	mentioning string
	log        *os.File
	unfinished []byte // a line whose end has not been written yet
}

// OpenAudit begins now: what stands in the log already is passed over.
func OpenAudit(path, user string) (*Audit, error) {
	log, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the audit log: %w", err)
	}
	a := &Audit{path: path, user: user, log: log}
	if _, err := a.Events(); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// ReadAudit is all that the log has of a user, or of everybody if that is empty, with what the API server has put aside. If a text is given, it is
// what mentions that.
func ReadAudit(path, user, mentioning string) (events []auditv1.Event, err error) {
	aside, err := filepath.Glob(strings.TrimSuffix(path, ".log") + "-*.log")
	if err != nil {
		return nil, err
	}
	slices.Sort(aside) // their names have the time
	a := &Audit{user: user, mentioning: mentioning}
	for _, each := range append(aside, path) {
		content, err := os.ReadFile(each)
		if err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		if events, err = a.take(content, events); err != nil {
			return nil, err
		}
	}
	return events, nil
}

// Close ends it.
func (a *Audit) Close() error {
	return a.log.Close()
}

// Requests are those since the last call, by verb and resource, such as "update endpointslices", "create events", "update pods/status" or
// "get /apis". A watch counts once it has begun, and everything else once it has been answered.
func (a *Audit) Requests() (map[string]int, error) {
	events, err := a.Events()
	if err != nil {
		return nil, err
	}
	requests := map[string]int{}
	for i := range events {
		if event := &events[i]; event.Stage == stageThatCounts(event.Verb) {
			requests[event.Verb+" "+target(event)]++
		}
	}
	return requests, nil
}

// Events are what was written since the last call.
func (a *Audit) Events() (events []auditv1.Event, err error) {
	for {
		successor, err := a.successor()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(a.log) // to the end of the file as it is now
		if err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		if events, err = a.take(content, events); err != nil {
			return nil, err
		}
		if successor == nil {
			return events, nil
		}
		former := a.log
		a.log = successor
		if err := former.Close(); err != nil {
			return nil, err
		}
	}
}

// take adds the lines of the log that are whole now.
func (a *Audit) take(content []byte, events []auditv1.Event) ([]auditv1.Event, error) {
	a.unfinished = append(a.unfinished, content...)
	for {
		line, rest, found := bytes.Cut(a.unfinished, []byte("\n"))
		if !found {
			return events, nil
		}
		a.unfinished = rest
		if !bytes.Contains(line, []byte(a.user)) || !bytes.Contains(line, []byte(a.mentioning)) {
			continue // most lines are others, and reading them costs
		}
		var event auditv1.Event
		if err := json.Unmarshal(whole(line), &event); err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		if a.user == "" || event.User.Username == a.user {
			events = append(events, event)
		}
	}
}

// beginning is how the API server begins a line.
var beginning = []byte(`{"kind":"Event","apiVersion":"audit.k8s.io/v1"`)

// whole is a line without what an API server that was killed has written of another one before it.
func whole(line []byte) []byte {
	return line[max(0, bytes.LastIndex(line, beginning)):]
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
