package driver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/app/server"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// patience is how long anything may take that must happen in the end.
const patience = 20 * time.Second

// names is a name server with one name.
type names struct {
	addresses atomic.Pointer[[]netip.Addr]
	asked     atomic.Int64
}

// point makes the name mean these addresses; without any it cannot be resolved.
func (n *names) point(addresses ...string) {
	parsed := make([]netip.Addr, 0, len(addresses))
	for _, address := range addresses {
		parsed = append(parsed, netip.MustParseAddr(address))
	}
	n.addresses.Store(&parsed)
}

func (n *names) lookup(context.Context, string) ([]netip.Addr, error) {
	n.asked.Add(1)
	if found := *n.addresses.Load(); len(found) > 0 {
		return found, nil
	}
	return nil, errors.New("no such host")
}

func TestAnAddressStaysForAsLongAsTheNameHasIt(t *testing.T) {
	n := &names{}
	one := &target{lookup: n.lookup, host: "my-app-leader", port: 80}
	for _, step := range []struct {
		found []string
		want  string
		fails bool
	}{
		{found: []string{"::ffff:10.96.0.1", "10.96.0.2"}, want: "10.96.0.1:80"},
		{found: []string{"10.96.0.2", "::ffff:10.96.0.1"}, want: "10.96.0.1:80"},
		{found: nil, want: "10.96.0.1:80", fails: true},
		{found: []string{"10.96.0.2"}, want: "10.96.0.2:80"},
		{found: []string{"fd00::1"}, want: "[fd00::1]:80"},
	} {
		n.point(step.found...)
		err := one.resolve(t.Context())
		if got := one.address.Load().String(); got != step.want || (err != nil) != step.fails {
			t.Errorf("%v: %s, %v, want %s", step.found, got, err, step.want)
		}
	}
}

func TestNamesThatCannotBeResolvedStartNothing(t *testing.T) {
	n := &names{}
	n.point()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := start(ctx, Spec{TimeoutMilliseconds: 100, Streams: []record.StreamSpec{
		{Mode: record.ModeNew, Address: "my-app-leader:80", Rate: 1},
	}}, n.lookup)
	if err == nil || n.asked.Load() == 0 {
		t.Errorf("asked %d times, %v", n.asked.Load(), err)
	}
}

// serving starts an application on a loopback address and a port that the others of this test use too.
func serving(t *testing.T, pod, host, port string) *server.Server {
	t.Helper()
	address := net.JoinHostPort(host, port)
	s, err := server.Listen(t.Context(), server.Options{Pod: pod, TCP: address, UDP: address, Control: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		s.Run(ctx)
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return s
}

// freePort finds a port that is free now.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // nothing depends on it
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

func TestNewConnectionsAndSocketsFollowTheName(t *testing.T) {
	port := freePort(t)
	serving(t, "pod-a", "127.0.0.1", port)
	serving(t, "pod-b", "127.0.0.2", port)
	n := &names{}
	n.point("127.0.0.1")
	address := "my-app-leader:" + port
	r, err := start(t.Context(), Spec{TimeoutMilliseconds: 5000, Streams: []record.StreamSpec{
		{Name: "new", Mode: record.ModeNew, Address: address, Rate: 100},
		{Name: "kept", Mode: record.ModeKept, Address: address, Rate: 100, Connections: 5},
		{Name: "udp", Mode: record.ModeUDP, Address: address, Rate: 100, Connections: 5},
	}}, n.lookup)
	if err != nil {
		t.Fatal(err)
	}
	defer r.stop()
	answers(t, r, "pod-a", 0, 1, 2)
	n.point()
	eventually(t, "failures are counted", func() bool { return r.records().ResolveFailures[2] > 0 })
	n.point("127.0.0.2")
	answers(t, r, "pod-b", 0, 2) // a kept connection stays where it is
	r.stop()
	run := r.records()
	for _, one := range run.Records {
		if one.Outcome == record.Skipped { // the machine is busy
			continue
		}
		if one.Outcome != record.OK {
			t.Fatalf("stream %d: %v", one.Stream, one.Outcome)
		}
		if run.Streams[one.Stream].Mode == record.ModeKept && run.Pods[one.Pod] != "pod-a" {
			t.Fatal("a kept connection has moved")
		}
	}
}

// answers waits until the streams have had an answer by a Pod.
func answers(t *testing.T, r *run, pod string, streams ...int) {
	t.Helper()
	eventually(t, pod+" answers", func() bool {
		run := r.records()
		for _, stream := range streams {
			found := false
			for _, one := range run.Of(stream) {
				found = found || run.Pods[one.Pod] == pod
			}
			if !found {
				return false
			}
		}
		return true
	})
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
