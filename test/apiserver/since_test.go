package apiserver

import (
	. "github.com/onsi/ginkgo/v2"
	"k8s.io/apimachinery/pkg/util/version"

	"github.com/zen-lead/zen-lead/test/versions/results"
)

// needs leaves a spec out where the API server is older than what the spec is about, and says so.
func needs(what, since string) {
	GinkgoHelper()
	if plane.Version.LessThan(version.MustParseGeneric(since)) {
		Skip(results.TooOld + what + " are there since Kubernetes " + since)
	}
}
