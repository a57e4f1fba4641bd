package metrics

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"
)

// requestInfo reads resource and verb from a request's path, as the API server does.
var requestInfo = &request.RequestInfoFactory{
	APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api"),
}

// kinds are the kinds of the resources that the operator writes.
var kinds = map[string]string{
	"services": "Service", "endpointslices": "EndpointSlice", "events": "Event", "leases": "Lease",
	"tokenreviews": "TokenReview", "subjectaccessreviews": "SubjectAccessReview",
	"selfsubjectaccessreviews": "SelfSubjectAccessReview",
}

// WrapTransport counts the requests that are not reads: every one, whichever part of the operator makes it.
func (m *Metrics) WrapTransport(next http.RoundTripper) http.RoundTripper {
	return promhttp.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return next.RoundTrip(r)
		}
		kind, verb := "other", strings.ToLower(r.Method)
		if info, err := requestInfo.NewRequestInfo(r); err == nil {
			verb = info.Verb
			if known, found := kinds[info.Resource]; found {
				kind = known
			}
		}
		start := m.now()
		response, err := next.RoundTrip(r)
		m.apiWriteDuration.WithLabelValues(kind, verb).Observe(m.now().Sub(start).Seconds())
		code := "error" // no answer
		if err == nil {
			code = strconv.Itoa(response.StatusCode)
		}
		m.apiWrites.WithLabelValues(kind, verb, code).Inc()
		return response, err
	})
}
