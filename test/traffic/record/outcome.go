package record

import "fmt"

// Outcome is how a request ended.
type Outcome uint8

const (
	// OK means that a Pod answered, and served.
	OK Outcome = iota
	// Unready means that a Pod answered that it does not serve, like HTTP's 503.
	Unready
	// Refused means that the connection was refused: nobody listens there, or the Service has no endpoint.
	Refused
	// Reset means that the connection was reset, or ended before an answer.
	Reset
	// TimedOut means that no answer came in time.
	TimedOut
	// Skipped means that the request fell due, but was not sent, as its connection was still waiting for an earlier answer.
	Skipped
	// Other is every other failure: no route, an answer that nobody asked for.
	Other

	outcomes // how many there are
)

var outcomeNames = [outcomes]string{"ok", "unready", "refused", "reset", "timed_out", "skipped", "other"}

// String is the outcome's name in results.
func (o Outcome) String() string {
	if o >= outcomes {
		return fmt.Sprintf("outcome(%d)", uint8(o))
	}
	return outcomeNames[o]
}

// Outcomes lists all outcomes.
func Outcomes() []Outcome {
	all := make([]Outcome, outcomes)
	for i := range all {
		all[i] = Outcome(i)
	}
	return all
}
