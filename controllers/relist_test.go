package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
)

// forgetfulServer is an API server of Pods whose versions expire when it is told.
type forgetfulServer struct {
	mutex    sync.Mutex
	version  int
	oldest   int // that can be watched from
	pods     map[string]*corev1.Pod
	watchers []*apiwatch.RaceFreeFakeWatcher
	lists    int
}

func (s *forgetfulServer) IsWatchListSemanticsUnSupported() bool { return true }

func (s *forgetfulServer) List(metav1.ListOptions) (runtime.Object, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.lists++
	list := &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: strconv.Itoa(s.version)}}
	for _, pod := range s.pods {
		list.Items = append(list.Items, *pod.DeepCopy())
	}
	return list, nil
}

func (s *forgetfulServer) Watch(options metav1.ListOptions) (apiwatch.Interface, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if from, err := strconv.Atoi(options.ResourceVersion); err != nil || from < s.oldest {
		return nil, apierrors.NewResourceExpired("too old: " + options.ResourceVersion)
	}
	watcher := apiwatch.NewRaceFreeFake()
	s.watchers = append(s.watchers, watcher)
	return watcher, nil
}

// expire ends all watches, half of them with an error as the API server does, and forgets everything before now.
func (s *forgetfulServer) expire() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.oldest = s.version
	for i, watcher := range s.watchers {
		if i%2 == 0 {
			status := apierrors.NewResourceExpired("too old").ErrStatus
			watcher.Error(&status)
		}
		watcher.Stop()
	}
	s.watchers = nil
}

// cut breaks all watches, with an error or without. What is put while they are is not missed: a watch that goes on brings it.
func (s *forgetfulServer) cut(err *apierrors.StatusError) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, watcher := range s.watchers {
		if err != nil {
			watcher.Error(&err.ErrStatus)
		}
		watcher.Stop()
	}
	s.watchers = nil
}

// put makes or changes a Pod, and tells watchers unless it is to be missed. The uid tells one from another of the same name.
func (s *forgetfulServer) put(name, uid string, missed bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.version++
	_, exists := s.pods[name]
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name, UID: types.UID(uid), ResourceVersion: strconv.Itoa(s.version),
		Labels: map[string]string{"app": name}}}
	s.pods[name] = pod
	for _, watcher := range s.watchers {
		if !missed && exists {
			watcher.Modify(pod.DeepCopy())
		} else if !missed {
			watcher.Add(pod.DeepCopy())
		}
	}
}

func (s *forgetfulServer) remove(name string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.version++
	delete(s.pods, name)
}

// follower is told by an informer.
type follower struct {
	mutex sync.Mutex
	told  []string
}

func (f *follower) tell(what string, object any) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	pod := object.(*corev1.Pod)
	f.told = append(f.told, fmt.Sprintf("%s %s %s", what, pod.UID, pod.Labels["app"]))
}

func (f *follower) take() []string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	told := f.told
	f.told = nil
	slices.Sort(told)
	return told
}

func follow(ctx context.Context, t *testing.T, s *forgetfulServer) (*follower, toolscache.Store) {
	t.Helper()
	f := &follower{}
	all := &informers{missed: func(o any, version string) { f.tell("missed at "+version, o) }}
	informer := all.newInformer(s, &corev1.Pod{}, 0, toolscache.Indexers{})
	if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { f.tell("added", o) },
		UpdateFunc: func(_, o any) { f.tell("changed", o) },
		DeleteFunc: func(o any) { f.tell("deleted", o) },
	}); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { informer.RunWithContext(ctx) })
	t.Cleanup(running.Wait)
	return f, informer.GetStore()
}

// eventually polls, with a deadline far below what client-go by itself waits in the end.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatal("not seen: " + what)
}

func TestACacheThatMissedChangesIsToldOfThemAsIfItHadWatched(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := &forgetfulServer{pods: map[string]*corev1.Pod{}}
	for _, name := range []string{"stays", "goes", "changes", "anew"} {
		s.put(name, name, false)
	}
	f, store := follow(ctx, t, s)
	eventually(t, "the first list", func() bool { return len(store.ListKeys()) == 4 && s.watching() == 1 })
	first := 0 // events follow the store
	eventually(t, "the first events", func() bool { first += len(f.take()); return first == 4 })

	s.put("comes", "comes", true)
	s.put("changes", "changes", true)
	s.put("anew", "anew-2", true)
	s.remove("goes")
	s.expire()
	eventually(t, "the changes", func() bool { return store.LastStoreSyncResourceVersion() == strconv.Itoa(s.now()) && s.watching() == 1 })
	want := []string{"added anew-2 anew", "added comes comes", "changed changes changes", "changed stays stays", "deleted anew anew", "deleted goes goes",
		fmt.Sprintf("missed at %d anew anew", s.now()), fmt.Sprintf("missed at %d goes goes", s.now())}
	var told []string
	eventually(t, "the events", func() bool { told = append(told, f.take()...); return len(told) >= len(want) })
	if slices.Sort(told); !slices.Equal(told, want) {
		t.Errorf("told %q, wanted %q", told, want)
	}
	if s.lists != 2 {
		t.Errorf("%d lists", s.lists)
	}
}

func TestVersionsMayExpireAgainAndAgain(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := &forgetfulServer{pods: map[string]*corev1.Pod{}}
	s.put("pod-0", "uid-0", false)
	_, store := follow(ctx, t, s)
	eventually(t, "the first list", func() bool { return s.watching() == 1 })
	for i := range 8 {
		s.put(fmt.Sprint("pod-", i+1), fmt.Sprint("uid-", i+1), i%2 == 0)
		s.put("pod-0", "uid-0", i%2 == 1)
		s.expire()
		began := time.Now()
		eventually(t, "what was missed", func() bool {
			cached, exists, _ := store.GetByKey("n/pod-0")
			return len(store.ListKeys()) == i+2 && exists && cached.(*corev1.Pod).ResourceVersion == strconv.Itoa(s.now()) && s.watching() == 1
		})
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the %d. time it took %s", i+1, took)
		}
	}
}

func (s *forgetfulServer) watching() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return len(s.watchers)
}

func (s *forgetfulServer) now() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.version
}

func TestAWatchThatBreaksAgainAndAgainGoesOnWithoutWaitingEverLonger(t *testing.T) {
	for name, broken := range map[string]*apierrors.StatusError{"ended": nil, "with an error": apierrors.NewInternalError(errors.New("broken"))} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := &forgetfulServer{pods: map[string]*corev1.Pod{}}
			s.put("pod", "uid", false)
			_, store := follow(ctx, t, s)
			eventually(t, "the first list", func() bool { return s.watching() == 1 })
			for range 8 {
				s.cut(broken)
				eventually(t, "the next watch", func() bool { return s.watching() == 1 })
				s.put("pod", "uid", false)
				eventually(t, "the change", func() bool { return store.LastStoreSyncResourceVersion() == strconv.Itoa(s.now()) })
			}
			if relisted := s.lists > 1; relisted != (broken != nil) {
				t.Errorf("%d lists", s.lists)
			}
		})
	}
}
