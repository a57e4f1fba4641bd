// Package results is what `make bench` comes to: as JSON, as tables for people, and as bars that must be held.
package results

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Results are all cases, each as it was measured last.
type Results struct {
	Command    string `json:"command"`
	Machine    string `json:"machine"`
	Kubernetes string `json:"kubernetes"`
	Cases      []Case `json:"cases"`
}

// Case is one thing that was measured, in one run: what is compared in it was measured side by side.
type Case struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// Date and Commit are when it was measured, and with what; a commit that ends in -dirty was not all.
	Date   time.Time `json:"date"`
	Commit string    `json:"commit"`
	// Ours and BuiltIn are the times of the same failovers: until the leader Service routes to another Pod, and until the built-in
	// controller's slice no longer has the Pod.
	Ours    *Distribution `json:"zen_lead_ms,omitempty"`
	BuiltIn *Distribution `json:"built_in_ms,omitempty"`
	Figures []Figure      `json:"figures,omitempty"`
}

// Kinds of sequential failovers: what happens to the leader.
const (
	KindReadiness = "readiness"
	KindDeletion  = "deletion"
)

// Names of the cases of which there is one only.
const (
	CaseStartup           = "startup"
	CaseMemory            = "memory"
	CaseCPU               = "cpu"
	CaseCalls             = "calls"
	CaseMicro             = "micro"
	CaseBurstOfPair       = "pair-burst"
	CaseTimeline          = "timeline"
	CaseTakeoverKill      = "takeover-kill"
	CaseTakeoverTerminate = "takeover-terminate"
	CaseTakeoverBurst     = "takeover-burst"
)

const burst = "burst"

// SequentialName is the case of failovers one after another with so many annotated Services.
func SequentialName(kind string, services int) string {
	return kind + "-" + strconv.Itoa(services)
}

// BurstName is the case of so many leaders that fail at once.
func BurstName(services int) string {
	return SequentialName(burst, services)
}

// order is that of the tables, by what names begin with.
var order = []string{
	KindReadiness, KindDeletion, burst, CaseBurstOfPair, CaseTakeoverKill, CaseTakeoverTerminate, CaseTakeoverBurst, CaseTimeline, CaseCalls, CaseStartup, CaseMemory, CaseCPU, CaseMicro,
}

// group is what a name begins with, and how many Services it is about; those that are of none come last.
func group(name string) (position, services int) {
	for i, prefix := range order {
		if name == prefix {
			return i, 0
		}
		if rest, found := strings.CutPrefix(name, prefix+"-"); found {
			if count, err := strconv.Atoi(rest); err == nil {
				return i, count
			}
		}
	}
	return len(order), 0
}

// isOf is whether a case is one of those prefixes.
func (c Case) isOf(prefixes ...string) bool {
	position, _ := group(c.Name)
	return position < len(order) && slices.Contains(prefixes, order[position])
}

// Find returns a case by its name.
func (r *Results) Find(name string) (Case, bool) {
	for _, one := range r.Cases {
		if one.Name == name {
			return one, true
		}
	}
	return Case{}, false
}

// Put takes a new measurement of a case in, in place of an older one.
func (r *Results) Put(measured Case) {
	r.Cases = slices.DeleteFunc(r.Cases, func(c Case) bool { return c.Name == measured.Name })
	r.Cases = append(r.Cases, measured)
	slices.SortStableFunc(r.Cases, func(a, b Case) int {
		positionA, servicesA := group(a.Name)
		positionB, servicesB := group(b.Name)
		return cmp.Or(cmp.Compare(positionA, positionB), cmp.Compare(servicesA, servicesB))
	})
}

// Figure returns one of the case's figures by its name.
func (c Case) Figure(name string) (Figure, bool) {
	for _, one := range c.Figures {
		if one.Name == name {
			return one, true
		}
	}
	return Figure{}, false
}
