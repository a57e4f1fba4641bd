package record

// Record is one request. The order of its fields keeps it at 24 bytes.
type Record struct {
	// Sent is the time just before the connection was dialled or the request was sent on a connection that stood, and Done
	// the time just after the outcome was known, both in Unix nanoseconds. Of a Skipped request both are when it was due.
	Sent, Done int64
	// Pod is the Pod that answered, as an index into Run.Pods. Where nobody answered it is the Pod at the other end of the
	// connection if earlier answers have told that, else 0.
	Pod uint16
	// Stream is an index into Run.Streams.
	Stream uint8
	// Outcome is how it ended.
	Outcome Outcome
}

// Modes of a stream.
const (
	// ModeNew opens a new TCP connection for every request.
	ModeNew = "new"
	// ModeKept sends requests one after the other on TCP connections that are kept.
	ModeKept = "kept"
	// ModeUDP sends datagrams from sockets that are kept.
	ModeUDP = "udp"
)

// StreamSpec is one flow of requests.
type StreamSpec struct {
	Name string `json:"name"`
	// Mode is one of ModeNew, ModeKept and ModeUDP.
	Mode string `json:"mode"`
	// Address is host:port.
	Address string `json:"address"`
	// Rate is in requests a second, over all connections of the stream.
	Rate int `json:"rate"`
	// Connections is how many connections or sockets share the rate. ModeNew ignores it.
	Connections int `json:"connections"`
}

// Run is all that a client has seen between its start and its end.
type Run struct {
	// Streams are what was asked for.
	Streams []StreamSpec
	// Pods are the names of the Pods that were met. The first one is empty: nobody.
	Pods []string
	// Records are all requests, those of a stream in the order in which they ended.
	Records []Record
	// ResolveFailures counts, for each stream, how often refreshing the address of its name has failed.
	ResolveFailures []int
	// LatestSend is, for each stream, the longest time in nanoseconds from when a request was due until the client sent it,
	// its connection being free. Beyond some milliseconds the client itself was starved, and short gaps prove nothing.
	LatestSend []int64
}

// Of returns the records of one stream.
func (r *Run) Of(stream int) []Record {
	var own []Record
	for _, one := range r.Records {
		if int(one.Stream) == stream {
			own = append(own, one)
		}
	}
	return own
}
