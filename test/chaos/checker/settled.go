package checker

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// service is one that is opted in.
type service struct {
	selector map[string]string
	slices   []string  // by namespace/name
	wrong    string    // what is wrong with whom it has, or empty
	right    time.Time // since when nothing is, by when that was seen
	missing  bool      // it has had no slice since it was right last or, if it is, before
}

// noSlice is what is wrong with a Service whose slice has been deleted.
const noSlice = "there is no slice"

func (s *service) note(wrong string, at time.Time) {
	switch {
	case wrong == "" && s.wrong != "":
		s.right = at
	case wrong != "":
		s.missing = wrong == noSlice || s.wrong != "" && s.missing
	}
	s.wrong = wrong
}

// OptedIn says that a Service is opted in, by namespace/name, its selector's labels and its IP families. Its Pods have addresses of all of these.
// It is wrong until it has the leader that it can have.
func (c *Checker) OptedIn(key string, selector map[string]string, families ...corev1.IPFamily) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	of := &service{selector: selector, wrong: noSlice}
	for _, family := range families {
		of.slices = append(of.slices, key+suffix+"-"+strings.ToLower(string(family)))
	}
	c.services[key] = of
}

// Wrong says what is wrong in a state that the operator has had the time to put right: whom a Service publishes although it may not lead, or that
// nobody is published although somebody may. Judge must have been called.
func (c *Checker) Wrong() []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var wrong []string
	for key, of := range c.services {
		if of.wrong != "" {
			wrong = append(wrong, key+": "+of.wrong)
		}
	}
	slices.Sort(wrong)
	return wrong
}

// Recovery is that of a Service: when it came to be right, and whether its slice was missing before.
type Recovery struct {
	Service string
	At      time.Time
	Missing bool
}

// Recoveries are those of all Services, by name. Nothing may be wrong.
func (c *Checker) Recoveries() []Recovery {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var all []Recovery
	for _, key := range slices.Sorted(maps.Keys(c.services)) {
		all = append(all, Recovery{key, c.services[key].right, c.services[key].missing})
	}
	return all
}

// noteRight notes which of the Services that a version concerns are right now, and since when.
func (c *Checker) noteRight(v version) {
	for key, of := range c.services {
		if v.pod != nil && matches(v.pod.labels, of.selector) || v.slice != nil && v.slice.namespace+"/"+v.slice.service == key+suffix {
			of.note(c.wrong(key, of), v.Seen)
		}
	}
}

// wrong is what is wrong with whom a Service has, or empty.
func (c *Checker) wrong(key string, of *service) string {
	candidates := c.candidates(key, of.selector)
	var first *sliceVersion
	for _, name := range of.slices {
		led := c.leaders[name]
		if led == nil || led.current == nil {
			return noSlice
		}
		if wrong := c.wrongSlice(led, candidates); wrong != "" {
			return wrong
		}
		if first == nil {
			first = led.current
		}
		if !led.current.agrees(first) {
			return fmt.Sprintf("%s has %v, epoch %d, and %s %v, epoch %d", first.name, first.endpoints, first.epoch, led.current.name, led.current.endpoints, led.current.epoch)
		}
	}
	return ""
}

// agrees is whether two slices, of different types, say the same of who leads.
func (v *sliceVersion) agrees(other *sliceVersion) bool {
	return v.epoch == other.epoch &&
		slices.EqualFunc(v.endpoints, other.endpoints, func(a, b endpoint) bool { return a.uid == b.uid && a.ready == b.ready })
}

// wrongSlice is what is wrong with whom a slice publishes, or those beside it.
func (c *Checker) wrongSlice(led *leadership, candidates []string) string {
	published := c.published(led.current)
	switch {
	case led.current.spoiled():
		return "it has what somebody else wrote"
	case len(published) == 0 && len(candidates) > 0:
		return fmt.Sprintf("it has nobody, though %v may lead", candidates)
	case len(published) > 0 && !slices.Contains(candidates, published[0].uid):
		return fmt.Sprintf("it has %s, who may not lead", published[0])
	case len(published) > 1:
		return fmt.Sprintf("it has %v", published)
	}
	return ""
}

// published are the endpoints of all the slices that a slice's Service has of its type, but for those that somebody else wrote: kube-proxy routes to
// all of them.
func (c *Checker) published(of *sliceVersion) []endpoint {
	var all []endpoint
	for _, led := range c.leaders {
		if led.current != nil && led.current.isBeside(of) && !led.current.spoiled() {
			all = append(all, led.current.endpoints...)
		}
	}
	slices.SortFunc(all, func(a, b endpoint) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// isBeside is whether two slices are of the same Service and type.
func (v *sliceVersion) isBeside(other *sliceVersion) bool {
	return v.namespace == other.namespace && v.service == other.service && v.addressType == other.addressType
}

// candidates are the UIDs of the Pods that may lead a Service.
func (c *Checker) candidates(key string, selector map[string]string) []string {
	var found []string
	for uid, pod := range c.pods {
		if pod.ineligible == "" && matches(pod.labels, selector) && strings.HasPrefix(key, pod.namespace+"/") {
			found = append(found, uid)
		}
	}
	return found
}

func matches(labels, selector map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return true
}
