package controlplane_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/zen-lead/zen-lead/test/controlplane"
)

const user = "audited:zen-lead"

// request is a line of the log about a completed request of the user, for a resource.
func request(verb, resource string) auditv1.Event {
	return auditv1.Event{
		Stage: auditv1.StageResponseComplete, Verb: verb, User: authenticationv1.UserInfo{Username: user},
		ObjectRef: &auditv1.ObjectReference{Resource: resource},
	}
}

// auditLog is a file that the API server writes.
type auditLog struct {
	t    *testing.T
	path string
}

func newAuditLog(t *testing.T) auditLog {
	return auditLog{t, filepath.Join(t.TempDir(), "audit.log")}
}

func (l auditLog) write(events ...auditv1.Event) {
	l.t.Helper()
	for _, event := range events {
		line, err := json.Marshal(event)
		if err != nil {
			l.t.Fatal(err)
		}
		l.writeText(string(line) + "\n")
	}
}

func (l auditLog) writeText(text string) {
	l.t.Helper()
	log, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := log.WriteString(text); err != nil {
		l.t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		l.t.Fatal(err)
	}
}

// open begins to follow the log.
func (l auditLog) open() *controlplane.Audit {
	l.t.Helper()
	audit, err := controlplane.OpenAudit(l.path, user)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = audit.Close() })
	return audit
}

func expect(t *testing.T, audit *controlplane.Audit, want map[string]int) {
	t.Helper()
	got, err := audit.Requests()
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("requests are %v (%v), want %v", got, err, want)
	}
}

func TestRequestsAreCountedByVerbAndResourceSinceTheLastCall(t *testing.T) {
	log := newAuditLog(t)
	log.write(request("list", "pods"))
	audit := log.open()
	status, discovery := request("update", "pods"), request("get", "")
	status.ObjectRef.Subresource, discovery.ObjectRef, discovery.RequestURI = "status", nil, "/apis"
	log.write(request("update", "endpointslices"), request("update", "endpointslices"), request("create", "events"), status, discovery)
	expect(t, audit, map[string]int{"update endpointslices": 2, "create events": 1, "update pods/status": 1, "get /apis": 1})
	expect(t, audit, map[string]int{})
	log.write(request("update", "leases"))
	expect(t, audit, map[string]int{"update leases": 1})
}

func TestRequestsOfOthersAreNotCounted(t *testing.T) {
	log := newAuditLog(t)
	log.writeText("")
	audit := log.open()
	other, about := request("get", "pods"), request("get", "pods")
	other.User.Username = "audited:other"
	about.User.Username, about.ObjectRef.Name = "audited:other", user
	log.write(other, about)
	log.writeText("what others do need not even be JSON\n")
	expect(t, audit, map[string]int{})
}

func TestAWatchIsCountedOnceAndWhenItBegins(t *testing.T) {
	log := newAuditLog(t)
	log.writeText("")
	audit := log.open()
	begun, ended := request("watch", "pods"), request("watch", "pods")
	begun.Stage = auditv1.StageResponseStarted
	log.write(begun)
	expect(t, audit, map[string]int{"watch pods": 1})
	log.write(ended)
	expect(t, audit, map[string]int{})
}

func TestALineIsCountedOnceItIsWhole(t *testing.T) {
	log := newAuditLog(t)
	line, err := json.Marshal(request("get", "services"))
	if err != nil {
		t.Fatal(err)
	}
	log.writeText(string(line[:len(line)/2]))
	audit := log.open()
	expect(t, audit, map[string]int{})
	log.writeText(string(line[len(line)/2:]))
	expect(t, audit, map[string]int{})
	log.writeText("\n")
	expect(t, audit, map[string]int{"get services": 1})
}

func TestNothingIsLostWhenTheLogIsPutAside(t *testing.T) {
	log := newAuditLog(t)
	log.writeText("")
	audit := log.open()
	log.write(request("get", "services"))
	if err := os.Rename(log.path, log.path+".1"); err != nil {
		t.Fatal(err)
	}
	expect(t, audit, map[string]int{"get services": 1})
	log.write(request("get", "pods"), request("list", "pods"))
	expect(t, audit, map[string]int{"get pods": 1, "list pods": 1})
}

func TestWhatWasPutAsideIsReadFirst(t *testing.T) {
	log := newAuditLog(t)
	log.write(request("get", "services"))
	if err := os.Rename(log.path, strings.TrimSuffix(log.path, ".log")+"-2026-11-27T12-00-00.000.log"); err != nil {
		t.Fatal(err)
	}
	log.write(request("get", "pods"))
	expectRead(t, log, user, "get services", "get pods")
}

func TestALineThatAKilledServerHasBrokenOffIsPassedOver(t *testing.T) {
	log := newAuditLog(t)
	broken, next := request("get", "services"), request("get", "pods")
	broken.Kind, broken.APIVersion = "Event", auditv1.SchemeGroupVersion.String()
	next.TypeMeta = broken.TypeMeta
	line, err := json.Marshal(broken)
	if err != nil {
		t.Fatal(err)
	}
	log.writeText(string(line[:len(line)-20]))
	log.write(next)
	expectRead(t, log, user, "get pods")
}

func TestWithoutAUserEverybodysRequestsAreRead(t *testing.T) {
	log := newAuditLog(t)
	other := request("get", "services")
	other.User.Username = "other"
	log.write(other, request("get", "pods"))
	expectRead(t, log, "", "get services", "get pods")
}

func TestOnlyWhatMentionsATextIsReadIfOneIsGiven(t *testing.T) {
	log := newAuditLog(t)
	here := request("get", "services")
	here.ObjectRef.Namespace = "here"
	log.write(request("get", "pods"), here)
	events, err := controlplane.ReadAudit(log.path, user, "here")
	if err != nil || len(events) != 1 || events[0].ObjectRef.Resource != "services" {
		t.Errorf("got %v, %v", events, err)
	}
}

// expectRead reads all of the log.
func expectRead(t *testing.T, log auditLog, user string, want ...string) {
	t.Helper()
	events, err := controlplane.ReadAudit(log.path, user, "")
	var got []string
	for i := range events {
		got = append(got, events[i].Verb+" "+events[i].ObjectRef.Resource)
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("requests are %v (%v), want %v", got, err, want)
	}
}

func TestAuditsThatCannotBeReadSaySo(t *testing.T) {
	log := newAuditLog(t)
	if _, err := controlplane.OpenAudit(log.path, user); err == nil {
		t.Error("a log that does not exist was opened")
	}
	log.writeText("")
	audit := log.open()
	log.writeText(user + " in no JSON\n")
	if _, err := audit.Requests(); err == nil {
		t.Error("what is no JSON was read")
	}
	if _, err := controlplane.ReadAudit(log.path, user, ""); err == nil {
		t.Error("what is no JSON was read")
	}
}
