package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// concurrentPodLists is how many lists of Pods are under way at a time.
	concurrentPodLists = 4
	// longestPodList is how many Services' Pods are listed at once. A selector of so many values makes a URL of at most 7 KiB, which
	// what may stand before an API server takes as well.
	longestPodList = 100
)

// podLists reads the Pods of many Services at once from the API server. That takes a list up to a tenth of a second, however little
// it brings: the API server asks etcd whether its own cache is up to date before it answers. When all the leaders of a node are to be
// moved, one list after the other would take minutes.
// Source: KEP-2340, Consistent reads from cache.
type podLists struct {
	live  client.Reader
	turns chan struct{}

	mutex sync.Mutex
	next  map[podListKey]*podList // those that have not begun
}

// podListKey says which Services can be dealt with in one list: those that select by the same label of Pods in the same namespace.
type podListKey struct{ namespace, label string }

// podList is one list, and what it brought once it is done.
type podList struct {
	values sets.Set[string] // of the label
	done   chan struct{}
	pods   corev1.PodList
	err    error
}

func newPodLists(live client.Reader) *podLists {
	return &podLists{live: live, turns: make(chan struct{}, concurrentPodLists), next: map[podListKey]*podList{}}
}

// matching lists the Pods that a selector matches, by name, as they are at some time after this is called. They are shared: not to be
// changed.
func (l *podLists) matching(ctx context.Context, namespace string, selector map[string]string) ([]*corev1.Pod, error) {
	label, value, _ := strings.Cut(anchor(selector), "=")
	if label == "" {
		for label, value = range selector { // any will do: it has at least one
			break
		}
	}
	list := l.join(ctx, podListKey{namespace, label}, value)
	select {
	case <-list.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if list.err != nil {
		return nil, fmt.Errorf("listing Pods of namespace %s: %w", namespace, list.err)
	}
	var pods []*corev1.Pod
	matches := labels.SelectorFromSet(selector)
	for i := range list.pods.Items {
		if pod := &list.pods.Items[i]; matches.Matches(labels.Set(pod.Labels)) {
			pods = append(pods, pod)
		}
	}
	slices.SortFunc(pods, byPodName)
	return pods, nil
}

// join adds a value to the next list, which has not begun.
func (l *podLists) join(ctx context.Context, key podListKey, value string) *podList {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	list := l.next[key]
	if list == nil || list.values.Len() >= longestPodList {
		list = &podList{values: sets.New[string](), done: make(chan struct{})}
		l.next[key] = list
		go l.run(context.WithoutCancel(ctx), key, list)
	}
	list.values.Insert(value)
	return list
}

// run waits for its turn, during which others may join, and lists.
func (l *podLists) run(ctx context.Context, key podListKey, list *podList) {
	defer close(list.done)
	l.turns <- struct{}{}
	defer func() { <-l.turns }()
	l.begin(key, list)
	requirement, err := labels.NewRequirement(key.label, selection.In, sets.List(list.values))
	if err != nil {
		list.err = err
		return
	}
	list.err = l.live.List(ctx, &list.pods, client.InNamespace(key.namespace),
		client.MatchingLabelsSelector{Selector: labels.NewSelector().Add(*requirement)})
}

// begin lets nobody join any longer.
func (l *podLists) begin(key podListKey, list *podList) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.next[key] == list {
		delete(l.next, key)
	}
}
