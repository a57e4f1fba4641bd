package driver

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// tick is how often requests that are due are sent.
const tick = 2 * time.Millisecond

// run is one run, from its start on; it stays to be asked for its records once it has ended.
type run struct {
	pods    *podTable
	streams []*stream
	senders []sender
	end     atomic.Int64
	stopped chan struct{}
	ticking sync.WaitGroup
	once    sync.Once

	stopRefreshing context.CancelFunc
	refreshing     sync.WaitGroup
}

// start resolves the names and starts to send. The context bounds the resolving only.
func start(ctx context.Context, spec Spec, lookup lookup) (*run, error) {
	r := &run{pods: newPodTable(), stopped: make(chan struct{})}
	r.end.Store(unended)
	for i, streamSpec := range spec.Streams {
		host, port, err := splitAddress(streamSpec.Address)
		if err != nil {
			return nil, err
		}
		r.streams = append(r.streams, &stream{
			index: uint8(i), spec: streamSpec, timeout: spec.timeout(), end: &r.end, pods: r.pods, log: newRecordLog(),
			target: &target{lookup: lookup, host: host, port: port},
		})
	}
	if err := r.resolve(ctx); err != nil {
		return nil, err
	}
	r.begin()
	return r, nil
}

// resolve resolves the names of all streams at a time.
func (r *run) resolve(ctx context.Context) error {
	failures := make([]error, len(r.streams))
	var resolving sync.WaitGroup
	for i, s := range r.streams {
		resolving.Go(func() { failures[i] = s.target.resolveFirst(ctx) })
	}
	resolving.Wait()
	return errors.Join(failures...)
}

func (r *run) begin() {
	refreshing, stop := context.WithCancel(context.Background())
	r.stopRefreshing = stop
	start := now()
	for _, s := range r.streams {
		s.schedule = schedule{start: start, rate: int64(s.spec.Rate)}
		r.senders = append(r.senders, s.sender())
		r.refreshing.Go(func() { s.target.refresh(refreshing) })
	}
	r.ticking.Go(r.wakeSenders)
}

// wakeSenders tells the streams every tick what has become due.
func (r *run) wakeSenders() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	next := make([]int64, len(r.streams))
	for {
		select {
		case <-r.stopped:
			return
		case <-ticker.C:
		}
		at := min(now(), r.end.Load()-1)
		for i, s := range r.streams {
			due := max(next[i], s.schedule.count(at))
			r.senders[i].wake(next[i], due)
			next[i] = due
		}
	}
}

// stop ends the run and returns once every request that was sent has an outcome, after the timeout at the latest.
func (r *run) stop() {
	r.once.Do(func() {
		r.end.Store(now())
		close(r.stopped)
		r.ticking.Wait()
		r.stopRefreshing()
		var finishing sync.WaitGroup
		for _, one := range r.senders {
			finishing.Go(one.finish)
		}
		finishing.Wait()
		r.refreshing.Wait()
	})
}

// records returns what there is by now.
func (r *run) records() *record.Run {
	result := &record.Run{}
	for _, s := range r.streams {
		result.Streams = append(result.Streams, s.spec)
		result.Records = s.log.appendTo(result.Records)
		result.ResolveFailures = append(result.ResolveFailures, int(s.target.failures.Load()))
		result.LatestSend = append(result.LatestSend, s.latest.Load())
	}
	result.Pods = r.pods.list() // last, so that it has every Pod that the records name
	return result
}
