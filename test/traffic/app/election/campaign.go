package election

import (
	"context"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// obeyInterval is how often a leader looks whether its elector has seen another holder. client-go itself tells only once
// the renew deadline has passed. The look costs no call.
const obeyInterval = 20 * time.Millisecond

// Timings are client-go's.
type Timings struct {
	LeaseDuration, RenewDeadline, RetryPeriod time.Duration
}

// DefaultTimings are those that Kubernetes's own components use and client-go recommends.
var DefaultTimings = Timings{LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: 2 * time.Second}

// Options are what a campaign is for.
type Options struct {
	Client kubernetes.Interface
	// Namespace and Pod are the own ones. The Pod's name is the identity in the Lease.
	Namespace, Pod string
	// Lease is the Lease's name, Label the key that the leader's Pod bears with the value "true"; empty for none.
	Lease, Label string
	Timings      Timings
}

// Campaign runs for the Lease whenever that is allowed, and keeps the label, if there is one, in step.
type Campaign struct {
	options Options
	label   *label
	changed chan struct{}

	mutex   sync.Mutex
	allowed bool
	endTerm context.CancelFunc // ends the current candidature; nil if there is none
}

// New makes a campaign that is not allowed to run yet.
func New(options Options) *Campaign {
	return &Campaign{
		options: options,
		label:   newLabel(patchOwnPod(options)),
		changed: make(chan struct{}, 1),
	}
}

// Allow says whether the Pod may lead. If not, the Lease is given up and the label removed, both at once.
func (c *Campaign) Allow(allowed bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.allowed = allowed
	if !allowed {
		c.label.want(false)
		if c.endTerm != nil {
			c.endTerm()
		}
	}
	select {
	case c.changed <- struct{}{}:
	default: // it is still to be looked at
	}
}

// Run campaigns until the context ends. Use Allow(false) before, or the label stays.
func (c *Campaign) Run(ctx context.Context) error {
	if c.options.Label != "" {
		go c.label.keep(ctx)
	}
	for {
		term, end := c.awaitTerm(ctx)
		if term == nil {
			return nil
		}
		err := c.stand(term, end)
		end()
		if err != nil {
			return fmt.Errorf("standing for election: %w", err)
		}
	}
}

// awaitTerm waits until the Pod may lead. It returns nil if the context ended before.
func (c *Campaign) awaitTerm(ctx context.Context) (context.Context, context.CancelFunc) {
	for ctx.Err() == nil {
		c.mutex.Lock()
		if c.allowed {
			defer c.mutex.Unlock()
			term, end := context.WithCancel(ctx)
			c.endTerm = end
			return term, end
		}
		c.mutex.Unlock()
		select {
		case <-c.changed:
		case <-ctx.Done():
		}
	}
	return nil, nil
}

// stand is a candidate, and then perhaps the leader, until the term or the leadership ends.
func (c *Campaign) stand(term context.Context, end context.CancelFunc) error {
	var elector *leaderelection.LeaderElector
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:            c.lock(),
		Name:            c.options.Lease,
		LeaseDuration:   c.options.Timings.LeaseDuration,
		RenewDeadline:   c.options.Timings.RenewDeadline,
		RetryPeriod:     c.options.Timings.RetryPeriod,
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(leading context.Context) { c.lead(leading, elector, end) },
			OnStoppedLeading: c.retire,
			OnNewLeader:      func(string) { c.follow(term, elector) },
		},
	})
	if err != nil {
		return err
	}
	elector.Run(term)
	return nil
}

func (c *Campaign) lock() resourcelock.Interface {
	return &carefulLock{Interface: &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: c.options.Namespace, Name: c.options.Lease},
		Client:     c.options.Client.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: c.options.Pod},
	}}
}

// client-go runs OnStartedLeading and OnNewLeader in goroutines of their own. So a call may come after the end of what it
// is about, when the next term may have begun: the two below do nothing once their own context has ended.

// lead bears the label for as long as the Pod leads, and ends the term once the elector has seen another holder.
func (c *Campaign) lead(leading context.Context, elector *leaderelection.LeaderElector, end context.CancelFunc) {
	c.wantWithin(leading, true)
	look := time.NewTicker(obeyInterval)
	defer look.Stop()
	for elector.IsLeader() {
		select {
		case <-leading.Done():
			return
		case <-look.C:
		}
	}
	c.wantWithin(leading, false)
	end()
}

// follow removes the label if another leads.
func (c *Campaign) follow(term context.Context, elector *leaderelection.LeaderElector) {
	if !elector.IsLeader() {
		c.wantWithin(term, false)
	}
}

func (c *Campaign) wantWithin(term context.Context, bear bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if term.Err() == nil {
		c.label.want(bear)
	}
}

func (c *Campaign) retire() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.label.want(false)
}
