package driver

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

const (
	// resolvePatience is for how long a name is tried at the start.
	resolvePatience = 10 * time.Second
	// resolveInterval is between two tries at the start, and between two refreshes after it.
	resolveInterval = time.Second
	// resolveTimeout bounds one try. A name server may be gone without a word.
	resolveTimeout = 2 * time.Second
)

// lookup resolves a name.
type lookup func(ctx context.Context, host string) ([]netip.Addr, error)

func lookupInDNS(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// target is the address of a stream's name, as last resolved.
type target struct {
	lookup   lookup
	host     string
	port     uint16
	address  atomic.Pointer[netip.AddrPort]
	failures atomic.Int64
}

// resolve looks the name up once. The address stays for as long as it is among those of the name.
func (t *target) resolve(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	found, err := t.lookup(ctx, t.host)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s has no address", t.host)
	}
	if err != nil {
		return err
	}
	if now := t.address.Load(); now != nil && slices.ContainsFunc(found, func(a netip.Addr) bool { return a.Unmap() == now.Addr() }) {
		return nil
	}
	address := netip.AddrPortFrom(found[0].Unmap(), t.port)
	t.address.Store(&address)
	return nil
}

// resolveFirst tries until the name is resolved, the patience or the context ends.
func (t *target) resolveFirst(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, resolvePatience)
	defer cancel()
	for {
		err := t.resolve(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("resolving %s: %w", t.host, err)
		case <-time.After(resolveInterval):
		}
	}
}

// refresh goes on resolving until the context ends. While that fails, the last address goes on being used.
func (t *target) refresh(ctx context.Context) {
	tick := time.NewTicker(resolveInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := t.resolve(ctx); err != nil && ctx.Err() == nil {
			t.failures.Add(1)
			log.Printf("Resolving %s again: %v", t.host, err)
		}
	}
}
