package apiserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	nethttp "net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// watched are the resources that the operator watches; EndpointSlices twice: ours, and those of others.
var watched = []string{"pods", "services", "endpointslices", "leases"}

// breakWatches breaks the watches of these resources. Nothing else is wrong with the line.
func (l *line) breakWatches(resources ...string) {
	l.do(func() {
		for s := range l.streams {
			if slices.Contains(resources, s.resource) {
				s.end(errLine)
			}
		}
	})
}

// expire ends the watches of these resources, stalled or not, and has the API server no longer know the versions that they would go on from. What a
// stalled one has held back is never brought.
func (l *line) expire(resources ...string) {
	l.do(func() {
		for s := range l.streams {
			if slices.Contains(resources, s.resource) {
				l.expired[s.resource+s.selection] = true
				s.end(io.EOF)
			}
		}
		for _, resource := range resources {
			delete(l.stalled, resource)
		}
	})
}

// forbid has every request for these resources refused, as an API server does that was started a moment ago and has not read yet who may do what.
func (l *line) forbid(resources ...string) {
	l.do(func() {
		for _, resource := range resources {
			l.forbidden[resource] = true
		}
	})
}

func (l *line) allow() {
	l.do(func() { clear(l.forbidden) })
}

// refusal is what is answered to a request in the API server's place; nil to most.
func (l *line) refusal(request, resource, selection string) *apierrors.StatusError {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	switch {
	case l.forbidden[resource]:
		return apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", errors.New("nobody is known yet"))
	case strings.HasPrefix(request, "WATCH ") && l.expired[resource+selection]:
		delete(l.expired, resource+selection)
		return apierrors.NewResourceExpired("too old resource version")
	}
	return nil
}

// refused is a refusal as it arrives.
func refused(request *nethttp.Request, refusal *apierrors.StatusError) (*nethttp.Response, error) {
	status := refusal.Status()
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	body, err := json.Marshal(status)
	if err != nil {
		return nil, err
	}
	return &nethttp.Response{
		StatusCode: int(status.Code), ProtoMajor: 1, ProtoMinor: 1, Request: request,
		Header: nethttp.Header{"Content-Type": {"application/json"}}, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}, nil
}

// selection tells apart the watches of one resource.
func selection(request *nethttp.Request) string {
	return request.URL.Query().Get("labelSelector")
}
