package driver

import (
	"slices"
	"sync"
)

// waiting holds the requests that have been sent and not been answered. They are numbered in the order in which they are
// added, from 0.
type waiting struct {
	mutex sync.Mutex
	first int64 // the number of requests[0]
	// requests holds also answered ones, between others that wait.
	requests []waitingRequest
}

type waitingRequest struct {
	sent  int64 // Unix nanoseconds; 0 once it no longer waits
	place int
}

func (w *waiting) add(sent int64, place int) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.requests = append(w.requests, waitingRequest{sent: sent, place: place})
}

// end is the number of the request that will be added next.
func (w *waiting) end() int64 {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.first + int64(len(w.requests))
}

// settle ends the waiting of a request. It returns when that was sent, 0 if it does not wait.
func (w *waiting) settle(number int64) int64 {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	index := number - w.first
	if index < 0 || index >= int64(len(w.requests)) {
		return 0
	}
	return w.requests[index].settle()
}

// settleLast ends the waiting of the last request of a place that is before the given one. It returns when that was sent,
// 0 if none waits.
func (w *waiting) settleLast(place int, before int64) int64 {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for i := min(before-w.first, int64(len(w.requests))) - 1; i >= 0; i-- {
		if one := &w.requests[i]; one.place == place && one.sent != 0 {
			return one.settle()
		}
	}
	return 0
}

func (r *waitingRequest) settle() int64 {
	sent := r.sent
	r.sent = 0
	return sent
}

// expire ends the waiting of all requests that were sent before a time, and forgets what no longer matters. It returns when
// those were sent, and how many may still wait: none if it is 0.
func (w *waiting) expire(before int64) (late []int64, left int) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	gone := 0
	for ; gone < len(w.requests); gone++ {
		sent := w.requests[gone].sent
		if sent != 0 && sent >= before {
			break
		}
		if sent != 0 {
			late = append(late, sent)
		}
	}
	w.requests = slices.Delete(w.requests, 0, gone)
	w.first += int64(gone)
	return late, len(w.requests)
}
