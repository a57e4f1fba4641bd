package bench

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zen-lead/zen-lead/test/bench/results"
)

// Resources that count by themselves.
const (
	resourceEvents = "events"
	resourceLeases = "leases"
)

// callCount is how often what was asked of the API server, such as "update endpointslices".
type callCount map[string]int

func (c callCount) add(more callCount) {
	for call, count := range more {
		c[call] += count
	}
}

// sum counts the calls of a kind.
func (c callCount) sum(of func(call string) bool) float64 {
	total := 0
	for call, count := range c {
		if of(call) {
			total += count
		}
	}
	return float64(total)
}

func (c callCount) all() float64 { return c.sum(func(string) bool { return true }) }

// writes are those of Services and EndpointSlices: Events and the operator's own Lease count by themselves.
func (c callCount) writes() float64 { return c.sum(isWrite) }

func (c callCount) reads() float64 {
	return c.sum(func(call string) bool { return isRead(call) && resourceOf(call) != resourceLeases })
}

// written is the writes of a resource.
func (c callCount) written(resource string) float64 {
	return c.sum(func(call string) bool { return !isRead(call) && resourceOf(call) == resource })
}

func isWrite(call string) bool {
	return !isRead(call) && resourceOf(call) != resourceEvents && resourceOf(call) != resourceLeases
}

// isRead is whether a call changes nothing. A review is a question, though it is asked by creating it.
func isRead(call string) bool {
	verb, target, _ := strings.Cut(call, " ")
	return slices.Contains([]string{"get", "list", "watch"}, verb) || strings.HasSuffix(target, "reviews")
}

// resourceOf is what was asked for, without the subresource.
func resourceOf(call string) string {
	_, target, _ := strings.Cut(call, " ")
	resource, _, _ := strings.Cut(target, "/")
	return resource
}

// figures are the calls one by one, divided by how often what caused them took place.
func (c callCount) figures(times float64, each string) []results.Figure {
	var figures []results.Figure
	for _, call := range slices.Sorted(maps.Keys(c)) {
		figures = append(figures, results.Figure{
			Name: fmt.Sprintf("%s, %s", call, each), Value: float64(c[call]) / times, Unit: results.UnitCalls,
		})
	}
	return figures
}
