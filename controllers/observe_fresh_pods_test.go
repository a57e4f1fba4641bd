package controllers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// slowReader answers lists of Pods once it is told to, with a Pod for each value that is asked for.
type slowReader struct {
	client.Reader
	answer chan struct{}
	fault  error

	mutex sync.Mutex
	lists []client.ListOptions
}

func (r *slowReader) List(_ context.Context, list client.ObjectList, options ...client.ListOption) error {
	var asked client.ListOptions
	asked.ApplyOptions(options)
	r.mutex.Lock()
	r.lists = append(r.lists, asked)
	r.mutex.Unlock()
	<-r.answer
	requirements, _ := asked.LabelSelector.Requirements()
	for value := range requirements[0].Values() {
		list.(*corev1.PodList).Items = append(list.(*corev1.PodList).Items, corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Namespace: asked.Namespace, Name: value, Labels: map[string]string{requirements[0].Key(): value},
		}})
	}
	return r.fault
}

// ask lists the Pods of many Services at once, and returns what each got once all have it.
func ask(lists *podLists, services int) func() map[string]string {
	var waiting sync.WaitGroup
	var mutex sync.Mutex
	got := map[string]string{}
	for number := range services {
		app := fmt.Sprintf("app-%d", number)
		waiting.Go(func() {
			pods, err := lists.matching(context.Background(), "shop", map[string]string{"app": app})
			said := fmt.Sprint(err)
			if len(pods) == 1 {
				said = pods[0].Name
			}
			mutex.Lock()
			defer mutex.Unlock()
			got[app] = said
		})
	}
	return func() map[string]string { waiting.Wait(); return got }
}

func TestPodsOfManyServicesAreListedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader := &slowReader{answer: make(chan struct{})}
		lists := newPodLists(reader)
		const services = 3 * longestPodList
		all := ask(lists, services)
		synctest.Wait() // until all wait for an answer
		close(reader.answer)
		got := all()
		for number := range services {
			if app := fmt.Sprintf("app-%d", number); got[app] != app {
				t.Errorf("%s got %q", app, got[app])
			}
		}
		if most := concurrentPodLists + 3; len(reader.lists) > most {
			t.Errorf("%d lists, want at most %d", len(reader.lists), most)
		}
		if len(lists.next) > 0 {
			t.Errorf("%d lists are remembered", len(lists.next))
		}
	})
}

func TestAllHearOfAListThatFailed(t *testing.T) {
	reader := &slowReader{answer: make(chan struct{}), fault: errors.New("too busy")}
	close(reader.answer)
	for app, got := range ask(newPodLists(reader), 10)() {
		if want := "listing Pods of namespace shop: too busy"; got != want {
			t.Errorf("%s got %q", app, got)
		}
	}
}

func TestWhoNoLongerWaitsIsLetGo(t *testing.T) {
	reader := &slowReader{answer: make(chan struct{})}
	defer close(reader.answer)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := newPodLists(reader).matching(ctx, "shop", map[string]string{"app": "a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestPodsOfASelectorWithoutALabelOfItsOwn(t *testing.T) {
	reader := &slowReader{answer: make(chan struct{})}
	close(reader.answer)
	pods, err := newPodLists(reader).matching(context.Background(), "shop", map[string]string{"app.kubernetes.io/part-of": "shop"})
	if err != nil || len(pods) != 1 || pods[0].Name != "shop" {
		t.Errorf("got %v, %v", pods, err)
	}
}
