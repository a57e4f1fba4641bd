package driver

import (
	"log"
	"math"
	"sync/atomic"
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// explanations is how many errors without an outcome of their own a stream logs.
const explanations = 5

// stream is what the modes have in common.
type stream struct {
	index    uint8
	spec     record.StreamSpec
	timeout  time.Duration
	schedule schedule
	// end is when the run was told to end, in Unix nanoseconds: what is due from then on is not sent.
	end       *atomic.Int64
	target    *target
	pods      *podTable
	log       *recordLog
	latest    atomic.Int64
	explained atomic.Int64
}

// unended is the end of a run that goes on.
const unended = math.MaxInt64

// sender sends a stream's requests in its mode.
type sender interface {
	// wake is called every tick with the numbers of the requests that became due: those below to that are not below from.
	// It must not wait.
	wake(from, to int64)
	// finish is called once the last wake is over. It returns when all requests that were sent have an outcome.
	finish()
}

func (s *stream) sender() sender {
	switch s.spec.Mode {
	case record.ModeKept:
		return newKept(s)
	case record.ModeUDP:
		return newDatagrams(s)
	default:
		return &fresh{stream: s, ports: newPorts(s.index, s.spec.Rate, time.Now())}
	}
}

// finished records a request that has got its outcome just now.
func (s *stream) finished(sent int64, pod uint16, outcome record.Outcome) {
	s.add(record.Record{Sent: sent, Done: now(), Pod: pod, Stream: s.index, Outcome: outcome})
}

// failed is finished with the outcome that an error means.
func (s *stream) failed(sent int64, pod uint16, err error) {
	outcome := outcomeOf(err)
	s.finished(sent, pod, outcome)
	if outcome == record.Other && s.explained.Add(1) <= explanations {
		log.Printf("Stream %s: %v", s.spec.Name, err)
	}
}

func (s *stream) add(one record.Record) {
	s.log.add(one)
}

// late takes note of when a request was sent that could have been sent at a time.
func (s *stream) late(possible, sent int64) {
	for {
		latest := s.latest.Load()
		if sent-possible <= latest || s.latest.CompareAndSwap(latest, sent-possible) {
			return
		}
	}
}

// deadline is when a request that was sent at a time has timed out.
func (s *stream) deadline(sent int64) time.Time {
	return time.Unix(0, sent+int64(s.timeout))
}

func now() int64 {
	return time.Now().UnixNano()
}
