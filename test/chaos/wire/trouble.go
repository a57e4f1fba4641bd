package wire

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Trouble is what is wrong with a line. Several things may be.
type Trouble struct {
	// Cut ends every connection, and lets none through.
	Cut bool
	// StallWatches keeps what watches bring from arriving, until it is over; connections stay, and everything else goes on.
	StallWatches bool
	// Silent keeps all from arriving until it is over, as a line that loses every packet: requests as well as what watches bring.
	Silent bool
	// Delay is how long each request has to wait.
	Delay time.Duration
	// Share of the requests that Refusals meet, from 0 to 1.
	Share float64
	// Refusals are with which of the API server's answers requests are refused, by chance: see the constants.
	Refusals []Refusal
	// ExpireWatches refuses each watch once, because its version has expired; from where it then lists it may watch.
	ExpireWatches bool
	// Random is where chance comes from; needed with Share.
	Random *rand.Rand
}

// Refusal is one of the API server's ways to say no.
type Refusal string

// The refusals. Conflict meets writes alone.
const (
	TooManyRequests Refusal = "too many requests"
	InternalError   Refusal = "internal error"
	Unavailable     Refusal = "unavailable"
	Conflict        Refusal = "conflict"
	expired         Refusal = "expired"
)

// status is what the API server sends with a refusal.
var status = map[Refusal]metav1.Status{
	TooManyRequests: {Code: http.StatusTooManyRequests, Reason: metav1.StatusReasonTooManyRequests,
		Details: &metav1.StatusDetails{RetryAfterSeconds: 1}},
	InternalError: {Code: http.StatusInternalServerError, Reason: metav1.StatusReasonInternalError},
	Unavailable:   {Code: http.StatusServiceUnavailable, Reason: metav1.StatusReasonServiceUnavailable},
	Conflict:      {Code: http.StatusConflict, Reason: metav1.StatusReasonConflict},
	expired:       {Code: http.StatusGone, Reason: metav1.StatusReasonExpired},
}

// answers is by what kind of trouble a request is met, and what it is answered with, if it gets no further.
func (t Trouble) answers(request *http.Request) (kind string, answer func(http.ResponseWriter)) {
	if t.Cut {
		return "refused connection", nil
	}
	if t.Share > 0 && t.Random.Float64() < t.Share {
		refusal := t.Refusals[t.Random.IntN(len(t.Refusals))]
		if t.fits(refusal, request) {
			return string(refusal), refusal.write
		}
	}
	switch {
	case t.Silent:
		return "held", nil
	case t.Delay > 0:
		return "slow", nil
	}
	return "", nil
}

func (t Trouble) fits(refusal Refusal, request *http.Request) bool {
	switch refusal {
	case Conflict:
		return request.Method == http.MethodPut || request.Method == http.MethodPatch
	default:
		return true
	}
}

// write answers as the API server does.
func (r Refusal) write(response http.ResponseWriter) {
	body := status[r]
	body.Kind, body.APIVersion, body.Status = "Status", "v1", metav1.StatusFailure
	body.Message = "the chaos suite says: " + string(r)
	response.Header().Set("Content-Type", "application/json")
	if body.Details != nil {
		response.Header().Set("Retry-After", "1")
	}
	response.WriteHeader(int(body.Code))
	_ = json.NewEncoder(response).Encode(body) // the client may be gone
}

// String names what is wrong.
func (t Trouble) String() string {
	var names []string
	if t.Cut {
		names = append(names, "cut")
	}
	if t.StallWatches {
		names = append(names, "stalled watches")
	}
	if t.Silent {
		names = append(names, "silent")
	}
	if t.ExpireWatches {
		names = append(names, string(expired))
	}
	if t.Delay > 0 {
		names = append(names, "slow by "+t.Delay.String())
	}
	if t.Share > 0 {
		for _, refusal := range t.Refusals {
			names = append(names, string(refusal))
		}
	}
	return strings.Join(names, ", ")
}
