package checker

import (
	"fmt"
	"slices"
)

// Wrong says what is wrong in a state that the operator has had the time to put right: for each Service that is opted in, by namespace/name
// and its selector's labels, whom its slice publishes although it may not lead, or that nobody is published although somebody may.
// Judge must have been called.
func (c *Checker) Wrong(services map[string]map[string]string) []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var wrong []string
	for service, selector := range services {
		led := c.leaders[service+suffix+"-ipv4"]
		candidates := c.candidates(service, selector)
		switch {
		case led == nil || led.current == nil:
			wrong = append(wrong, service+" has no slice")
		case len(led.current.endpoints) == 0 && len(candidates) > 0:
			wrong = append(wrong, fmt.Sprintf("%s has nobody, though %v may lead", service, candidates))
		case len(led.current.endpoints) > 0 && !slices.Contains(candidates, led.current.endpoints[0].uid):
			wrong = append(wrong, fmt.Sprintf("%s has %s, who may not lead", service, led.current.endpoints[0]))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// candidates are the UIDs of the Pods that may lead a Service.
func (c *Checker) candidates(service string, selector map[string]string) []string {
	var found []string
	for uid, pod := range c.pods {
		if pod.ineligible != "" || !matches(pod.labels, selector) || service != pod.namespace+"/"+serviceName(service) {
			continue
		}
		found = append(found, uid)
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

func serviceName(key string) string {
	return key[slices.Index([]byte(key), '/')+1:]
}
