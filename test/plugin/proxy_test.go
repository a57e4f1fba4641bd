package plugin

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
)

// throughProxy has the plugin reach the API server, as the administrator, through a proxy that treats answers to writes as a spec wants.
func (w *world) throughProxy(answered func(http.ResponseWriter, func())) {
	GinkgoHelper()
	transport, err := rest.TransportFor(plane.Config)
	Expect(err).NotTo(HaveOccurred())
	target, err := url.Parse(plane.Config.Host)
	Expect(err).NotTo(HaveOccurred())
	proxy := &httputil.ReverseProxy{Transport: transport, FlushInterval: -1, Rewrite: func(request *httputil.ProxyRequest) { request.SetURL(target) }}
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodPatch {
			proxy.ServeHTTP(response, request)
			return
		}
		recorded := httptest.NewRecorder()
		proxy.ServeHTTP(recorded, request) // it has been written by now
		answered(response, func() {
			for key, values := range recorded.Header() {
				response.Header()[key] = values
			}
			response.WriteHeader(recorded.Code)
			_, _ = response.Write(recorded.Body.Bytes())
		})
	}))
	DeferCleanup(func() { server.CloseClientConnections(); server.Close() })
	w.kubeconfig = filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(w.kubeconfig, fmt.Appendf(nil, `{"apiVersion": "v1", "kind": "Config", "current-context": "c",
"contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}], "users": [{"name": "u", "user": {}}],
"clusters": [{"name": "c", "cluster": {"server": %q}}]}`, server.URL), 0o600)).To(Succeed())
}
