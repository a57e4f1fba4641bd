package controllers

import (
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestWatchesArePastAVersionOnceEachThatDecidesHasBroughtALaterOne(t *testing.T) {
	of := func(namespace, version string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: namespace, ResourceVersion: version}
	}
	pod := func(version string) client.Object { return &corev1.Pod{ObjectMeta: of("team", version)} }
	service := func(version string) client.Object { return &corev1.Service{ObjectMeta: of("team", version)} }
	lease := func(version string) client.Object { return &coordinationv1.Lease{ObjectMeta: of("team", version)} }
	elsewhere := &corev1.Pod{ObjectMeta: of("other", "6")}
	for name, test := range map[string]struct {
		everywhere bool
		brought    []client.Object
		version    string
		leases     bool
		past       bool
	}{
		"nothing brought":            {version: "5"},
		"Pods only":                  {brought: []client.Object{pod("6")}, version: "5"},
		"Services only":              {brought: []client.Object{service("6")}, version: "5"},
		"both":                       {brought: []client.Object{pod("6"), service("7")}, version: "5", past: true},
		"earlier Pods":               {brought: []client.Object{pod("4"), service("7")}, version: "5"},
		"that very version":          {brought: []client.Object{pod("5"), service("7")}, version: "5"},
		"more digits":                {brought: []client.Object{pod("10"), service("11")}, version: "9", past: true},
		"a later one, then an older": {brought: []client.Object{pod("6"), pod("3"), service("7")}, version: "5", past: true},
		"Leases decide too":          {brought: []client.Object{pod("6"), service("7")}, version: "5", leases: true},
		"and have come":              {brought: []client.Object{pod("6"), service("7"), lease("8")}, version: "5", leases: true, past: true},
		"another namespace's watch":  {brought: []client.Object{elsewhere, service("7")}, version: "5"},
		"one watch for all":          {everywhere: true, brought: []client.Object{elsewhere, service("7")}, version: "5", past: true},
		"a version that is none":     {brought: []client.Object{pod("6"), service("7")}, version: "x"},
		"brought versions are none":  {brought: []client.Object{pod("x"), service("y")}, version: "5"},
	} {
		p := &progress{everywhere: test.everywhere}
		for _, object := range test.brought {
			p.note(object)
		}
		if got := p.then("team").isPast(test.version, test.leases); got != test.past {
			t.Errorf("%s: past is %v", name, got)
		}
	}
}

func TestWhatWatchesBringLaterDoesNotCount(t *testing.T) {
	p := &progress{everywhere: true}
	then := p.then("team")
	p.note(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "6"}})
	p.note(&corev1.Service{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "6"}})
	if then.isPast("5", false) || !p.then("team").isPast("5", false) {
		t.Error("what was brought after the caches were read counts")
	}
}
