package controllers

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// told remembers what each user has been told of a lasting problem, so that no Event repeats while nothing changes.
type told struct {
	mutex sync.Mutex
	said  map[types.NamespacedName]map[string][]string
}

// news returns those of the things that are now the case which were not the last time, and remembers them all.
func (t *told) news(source types.NamespacedName, topic string, now ...string) []string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	before := t.said[source][topic]
	if len(now) == 0 {
		if len(before) > 0 {
			delete(t.said[source], topic)
		}
		return nil
	}
	var news []string
	for _, thing := range now {
		if !slices.Contains(before, thing) {
			news = append(news, thing)
		}
	}
	if t.said == nil {
		t.said = map[types.NamespacedName]map[string][]string{}
	}
	if t.said[source] == nil {
		t.said[source] = map[string][]string{}
	}
	t.said[source][topic] = now
	return news
}

func (t *told) forget(source types.NamespacedName) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	delete(t.said, source)
}

// untold holds the passes whose Events have not been written yet. A pass that moves traffic leaves its Events to the one that
// the watch wakes for its write. Dying in between costs the Events, not the log line, the metrics or the status.
type untold struct {
	mutex  sync.Mutex
	passes map[types.NamespacedName][]*pass
}

func (u *untold) add(source types.NamespacedName, p *pass) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if u.passes == nil {
		u.passes = map[types.NamespacedName][]*pass{}
	}
	u.passes[source] = append(u.passes[source], p)
}

// take returns the passes in their order and forgets them.
func (u *untold) take(source types.NamespacedName) []*pass {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	passes := u.passes[source]
	delete(u.passes, source)
	return passes
}
