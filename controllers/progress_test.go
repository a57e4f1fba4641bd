package controllers

import (
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func aPodOfVersion(namespace, version string) client.Object {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, ResourceVersion: version}}
}

func aLeaseOfVersion(namespace, version string) client.Object {
	return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, ResourceVersion: version}}
}

func TestWatchesArePastAVersionOnceEachOfThemHasBroughtALaterOne(t *testing.T) {
	pods, leases := client.Object(&corev1.Pod{}), client.Object(&coordinationv1.Lease{})
	for name, test := range map[string]struct {
		everywhere bool
		brought    []client.Object
		version    string
		of         []client.Object
		past       bool
	}{
		"nothing brought":            {version: "5", of: []client.Object{pods}},
		"an earlier one":             {brought: []client.Object{aPodOfVersion("team", "4")}, version: "5", of: []client.Object{pods}},
		"that one":                   {brought: []client.Object{aPodOfVersion("team", "5")}, version: "5", of: []client.Object{pods}},
		"a later one":                {brought: []client.Object{aPodOfVersion("team", "6")}, version: "5", of: []client.Object{pods}, past: true},
		"one with more digits":       {brought: []client.Object{aPodOfVersion("team", "10")}, version: "9", of: []client.Object{pods}, past: true},
		"a later one, then an older": {brought: []client.Object{aPodOfVersion("team", "6"), aPodOfVersion("team", "3")}, version: "5", of: []client.Object{pods}, past: true},
		"one kind of two":            {brought: []client.Object{aPodOfVersion("team", "6")}, version: "5", of: []client.Object{pods, leases}},
		"both kinds": {
			brought: []client.Object{aPodOfVersion("team", "6"), aLeaseOfVersion("team", "7")}, version: "5", of: []client.Object{pods, leases}, past: true,
		},
		"another namespace's watch": {brought: []client.Object{aPodOfVersion("other", "6")}, version: "5", of: []client.Object{pods}},
		"one watch for all":         {everywhere: true, brought: []client.Object{aPodOfVersion("other", "6")}, version: "5", of: []client.Object{pods}, past: true},
		"a version that is no number": {
			brought: []client.Object{aPodOfVersion("team", "6")}, version: "x", of: []client.Object{pods},
		},
		"brought versions that are no numbers": {
			brought: []client.Object{aPodOfVersion("team", "x"), aPodOfVersion("team", "y")}, version: "5", of: []client.Object{pods},
		},
	} {
		p := &progress{everywhere: test.everywhere}
		for _, object := range test.brought {
			p.note(object)
		}
		if got := p.isPast(test.version, "team", test.of...); got != test.past {
			t.Errorf("%s: past is %v", name, got)
		}
	}
}
