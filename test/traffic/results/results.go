// Package results is what measurements with traffic come to: as JSON, and as tables for people.
package results

import (
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/figures"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// Results are all cases, each as it was measured last.
type Results struct {
	Command    string `json:"command"`
	Machine    string `json:"machine"`
	Kubernetes string `json:"kubernetes"`
	// Rate is in requests a second, of each stream.
	Rate  int    `json:"rate"`
	Cases []Case `json:"cases"`
}

// Case is all rounds of one case.
type Case struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// Date and Commit are when it was measured, and with what; a commit that ends in -dirty was not all.
	Date   time.Time `json:"date"`
	Commit string    `json:"commit"`
	// Answers says that the failed Pod goes on answering: only then can it be seen for how long it is still met.
	Answers bool    `json:"failed_pod_answers"`
	Rounds  []Round `json:"rounds"`
}

// Round is one case, once.
type Round struct {
	// Streams are the figures of the client that measures, by way and mode.
	Streams map[string]map[string]figures.Figures `json:"streams"`
	// Overlap is for how long new connections through the leader Service reached two Pods, seen from all nodes, in milliseconds.
	Overlap float64 `json:"overlap_all_nodes_ms"`
	// OutOfOrder is, of all clients, how many new connections through the leader Service reached the former leader after that client had
	// reached the new one.
	OutOfOrder int `json:"out_of_order_all_nodes"`
	// LatestSend is by how much the client was late to send, at the worst, in milliseconds: how busy the machine was.
	LatestSend float64 `json:"latest_send_ms"`
	// Slices is, by way, from the fault until the Service's EndpointSlices no longer named the failed Pod, in milliseconds; what follows
	// is kube-proxy's part. A way whose slices never dropped it is missing.
	Slices map[string]float64 `json:"slices_ms,omitempty"`
	// LeaderFirst says whether the leader Service's slice was written before the plain Service's: kube-proxy waits a second between two
	// updates of its rules, so the one that comes second may have to wait.
	LeaderFirst bool `json:"leader_slice_first,omitempty"`
	// Leaders is who led when, in seconds from the beginning of the round.
	Leaders string `json:"leaders"`
}

// Summary is the rounds of a case as one way and mode has seen them.
func (c Case) Summary(way, mode string) figures.Summary {
	all := make([]figures.Figures, 0, len(c.Rounds))
	for _, round := range c.Rounds {
		if found, ok := round.Streams[way][mode]; ok {
			all = append(all, found)
		}
	}
	return figures.Summarise(all)
}

// Ways to the application.
const (
	WayLeader = "leader"
	WayPlain  = "plain"
	WayLabel  = "label"
)

// Ways lists them in the order of the tables.
var Ways = []string{WayLeader, WayPlain, WayLabel}

// Modes lists how requests are sent, in the order of the tables.
var Modes = []string{record.ModeNew, record.ModeKept, record.ModeUDP}

// Find returns a case by its name.
func (r *Results) Find(name string) (Case, bool) {
	for _, one := range r.Cases {
		if one.Name == name {
			return one, true
		}
	}
	return Case{}, false
}
