package controllers

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

var services = schema.GroupResource{Resource: "services"}

func TestARefusalIsToldOnceAndTriedAgainSoonOnlyIfThatMayHelp(t *testing.T) {
	invalid := fmt.Errorf("creating Service team/app-leader: %w", apierrors.NewInvalid(schema.GroupKind{Kind: "Service"}, "app-leader", nil))
	forbidden := fmt.Errorf("creating Service team/app-leader: %w", apierrors.NewForbidden(services, "app-leader", errors.New("exceeded quota")))
	webhook := fmt.Errorf("creating Service team/app-leader: %w", apierrors.NewInternalError(errors.New("failed calling webhook")))
	unavailable := apierrors.NewServiceUnavailable("later")
	sink := &written{}
	r := &Reconciler{events: sink}
	seen := &observation{key: types.NamespacedName{Namespace: "team", Name: "app"}, source: serviceNamed("app")}
	for i, step := range []struct {
		err       error
		tryAgain  bool
		toldSoFar int
	}{
		{nil, false, 0},
		{invalid, false, 1},
		{invalid, false, 1},
		{unavailable, true, 1},
		{errStale, true, 1},
		{invalid, false, 1},
		{forbidden, true, 2},
		{forbidden, true, 2},
		{nil, false, 2},
		{forbidden, true, 3},
		{webhook, true, 4},
		{webhook, true, 4},
	} {
		recheck, left := r.reportRefusal(t.Context(), seen, 0, step.err)
		if (left != nil) != step.tryAgain || len(sink.notes) != step.toldSoFar || (recheck == refusedRetry) != isNotValid(step.err) {
			t.Errorf("step %d: %v is left, and %s, told %q", i, left, recheck, sink.notes)
		}
	}
	if note := sink.notes[1]; !strings.HasPrefix(note, "The API server refuses creating Service team/app-leader") || !strings.Contains(note, "exceeded quota") {
		t.Errorf("told %q", note)
	}
}

func TestARefusalToASourceThatIsGoneIsToldToNobody(t *testing.T) {
	sink := &written{}
	r := &Reconciler{events: sink}
	forbidden := apierrors.NewForbidden(services, "app-leader", errors.New("no"))
	if _, err := r.reportRefusal(t.Context(), &observation{}, 0, forbidden); err == nil || len(sink.notes) > 0 {
		t.Errorf("%v, told %q", err, sink.notes)
	}
}
