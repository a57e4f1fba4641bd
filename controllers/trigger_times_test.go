package controllers

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestATriggerTimeIsKeptUntilItIsWritten(t *testing.T) {
	key := types.NamespacedName{Namespace: "team", Name: "app"}
	service := serviceNamed("app")
	service.CreationTimestamp = metav1.NewTime(time.Unix(100, 0))
	podReadyAt := func(seconds int64) []*corev1.Pod {
		return []*corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{
			Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(time.Unix(seconds, 0)),
		}}}}}
	}
	times := newTriggerTimes()
	for step, test := range []struct {
		ready   int64
		written bool
		want    int64 // 0 for none
	}{
		{100, true, 100},
		{200, false, 200}, // the write fails
		{200, false, 200}, // and again
		{300, true, 200},  // the earliest of two that have not been written
		{300, true, 0},
		{400, true, 400},
	} {
		got := times.take(service, key, podReadyAt(test.ready))
		if test.want == 0 && !got.IsZero() || test.want != 0 && !got.Equal(time.Unix(test.want, 0)) {
			t.Errorf("step %d: %s", step, got)
		}
		if test.written {
			times.written(key)
		}
	}
	times.take(service, key, podReadyAt(500))
	times.forget(key)
	if got := times.take(service, key, podReadyAt(500)); !got.Equal(service.CreationTimestamp.Time) {
		t.Errorf("afterwards: %s", got)
	}
}
