package controllers

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

func TestUsersAreToldOfAProblemOnceUntilItIsGone(t *testing.T) {
	told, source := &told{}, types.NamespacedName{Namespace: "team", Name: "app"}
	for i, step := range []struct{ now, news []string }{
		{nil, nil},
		{[]string{"a"}, []string{"a"}},
		{[]string{"a"}, nil},
		{[]string{"b", "a"}, []string{"b"}},
		{[]string{"b"}, nil},
		{[]string{"a", "b"}, []string{"a"}},
		{nil, nil},
		{[]string{"a"}, []string{"a"}},
	} {
		if got := told.news(source, "topic", step.now...); !slices.Equal(got, step.news) {
			t.Errorf("step %d: got %v, want %v", i, got, step.news)
		}
	}
	if got := told.news(source, "another", "a"); len(got) != 1 {
		t.Error("topics are mixed up")
	}
	told.forget(source)
	if got := told.news(source, "topic", "a"); len(got) != 1 {
		t.Error("not forgotten")
	}
}
