package driver

import (
	"net"
	"sync"

	"github.com/zen-lead/zen-lead/test/traffic/app/protocol"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// kept sends requests on connections that are kept, in turn: with 50 connections each has every 50th request, and waits for
// the answer before it sends the next one.
type kept struct {
	workers []*keptWorker
	running sync.WaitGroup
}

func newKept(s *stream) *kept {
	k := &kept{workers: make([]*keptWorker, s.spec.Connections)}
	for i := range k.workers {
		w := &keptWorker{stream: s, number: int64(i), due: make(chan struct{}, 1)}
		k.workers[i] = w
		k.running.Go(w.run)
	}
	return k
}

func (k *kept) wake(from, to int64) {
	for number := from; number < to; number++ {
		select {
		case k.workers[number%int64(len(k.workers))].due <- struct{}{}:
		default: // it has not seen the last one yet, and will see both
		}
	}
}

func (k *kept) finish() {
	for _, w := range k.workers {
		close(w.due)
	}
	k.running.Wait()
}

// keptWorker is one connection.
type keptWorker struct {
	*stream
	number     int64         // of the next request
	due        chan struct{} // says that a request may be due
	connection *net.TCPConn  // nil if there is none
	pod        uint16        // the Pod at the connection's other end, 0 while that is unknown
	line       [protocol.LineLimit]byte
	sent, done int64 // of the last request
}

func (w *keptWorker) run() {
	for range w.due {
		w.catchUp()
	}
	w.hangUp()
}

// catchUp sends all requests that are due. Those that fell due while an earlier one was waiting for its answer are skipped;
// those that the client itself was late for are not.
func (w *keptWorker) catchUp() {
	for {
		due, at := w.schedule.due(w.number), now()
		switch {
		case due > at || due >= w.end.Load():
			return
		case due > w.sent && due <= w.done:
			w.add(record.Record{Sent: due, Done: due, Stream: w.index, Outcome: record.Skipped})
		default:
			w.late(max(due, w.done), at)
			w.sent = at
			w.request()
			w.done = now()
		}
		w.number += int64(w.spec.Connections)
	}
}

func (w *keptWorker) request() {
	deadline := w.deadline(w.sent)
	if w.connection == nil {
		connection, err := dial(*w.target.address.Load(), deadline)
		if err != nil {
			w.failed(w.sent, 0, err)
			return
		}
		w.connection, w.pod = connection, 0
	}
	answer, err := exchange(w.connection, protocol.Request{Number: w.number}, deadline, &w.line)
	if err != nil {
		w.failed(w.sent, w.pod, err)
		w.hangUp()
		return
	}
	w.pod = w.pods.number(answer.Pod)
	w.finished(w.sent, w.pod, outcomeOfState(answer.State))
	if answer.State == protocol.Last {
		w.hangUp()
	}
}

func (w *keptWorker) hangUp() {
	if w.connection != nil {
		_ = w.connection.Close()
		w.connection = nil
	}
}
