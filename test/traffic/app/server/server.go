package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/app/protocol"
)

// Options are what a server can be started with.
type Options struct {
	// Pod is the name that it answers with.
	Pod string
	// TCP, UDP and Control are the addresses to listen on, as host:port.
	TCP, UDP, Control string
	// Second is one more address for TCP, where the same is answered; empty for none.
	Second string
	// ShutdownDelay is for how long it goes on serving once it is told to end.
	ShutdownDelay time.Duration
	// Allow is called with whether it may be the active one: until it is told to end, or is not ready and all know. It may be nil.
	Allow func(bool)
	// AwaitUnready returns once the cluster knows that the Pod is not ready; nil for at once. It is called when a probe has found
	// that out. An application that knew before all others would be compared with them unfairly.
	AwaitUnready func()
	// Exit ends the process at once; nil for os.Exit.
	Exit func(code int)
}

// Server is a listening server.
type Server struct {
	options Options
	tcp     []net.Listener
	udp     *net.UDPConn
	control net.Listener
	buffers sync.Pool

	mutex    sync.Mutex // held while ready or stopping change, so that Allow is called in their order
	ready    atomic.Bool
	stopping atomic.Bool
}

// Listen starts to listen. Nothing is answered before Run.
func Listen(ctx context.Context, options Options) (*Server, error) {
	if options.Allow == nil {
		options.Allow = func(bool) {}
	}
	if options.AwaitUnready == nil {
		options.AwaitUnready = func() {}
	}
	if options.Exit == nil {
		options.Exit = os.Exit
	}
	s := &Server{options: options}
	s.buffers.New = func() any { return new(buffers) }
	s.ready.Store(true)
	// Neither keep-alive probes nor multipath TCP: both cost system calls for every connection.
	listen := net.ListenConfig{KeepAlive: -1}
	listen.SetMultipathTCP(false)
	for _, address := range []string{options.TCP, options.Second} {
		if address == "" {
			continue
		}
		listener, err := listen.Listen(ctx, "tcp", address)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listening for requests: %w", err), s.close())
		}
		s.tcp = append(s.tcp, listener)
	}
	packets, err := listen.ListenPacket(ctx, "udp", options.UDP)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listening for datagrams: %w", err), s.close())
	}
	s.udp = packets.(*net.UDPConn)
	if s.control, err = listen.Listen(ctx, "tcp", options.Control); err != nil {
		return nil, errors.Join(fmt.Errorf("listening for commands: %w", err), s.close())
	}
	return s, nil
}

// close stops listening.
func (s *Server) close() error {
	var failures []error
	for _, listener := range s.tcp {
		failures = append(failures, listener.Close())
	}
	if s.udp != nil {
		failures = append(failures, s.udp.Close())
	}
	if s.control != nil {
		failures = append(failures, s.control.Close())
	}
	return errors.Join(failures...)
}

// String lists the addresses that it listens on.
func (s *Server) String() string {
	text := fmt.Sprintf("tcp=%s udp=%s control=%s", s.tcp[0].Addr(), s.udp.LocalAddr(), s.control.Addr())
	for _, second := range s.tcp[1:] {
		text += fmt.Sprintf(" second=%s", second.Addr())
	}
	return text
}

// Run serves until the context ends, and for the shutdown delay more. Then it stops listening and returns; connections
// that still stand end with the process.
func (s *Server) Run(ctx context.Context) {
	s.setReady(true)
	for _, listener := range s.tcp {
		go s.acceptConnections(listener)
	}
	go s.answerDatagrams()
	go s.serveControl()
	<-ctx.Done()
	s.stop()
	time.Sleep(s.options.ShutdownDelay)
	_ = s.close()
}

func (s *Server) setReady(ready bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.ready.Store(ready)
	if ready {
		s.options.Allow(!s.stopping.Load())
	}
}

// foundUnready is called when a probe has been told so.
func (s *Server) foundUnready() {
	s.options.AwaitUnready()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.ready.Load() {
		s.options.Allow(false)
	}
}

func (s *Server) stop() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.stopping.Store(true)
	s.options.Allow(false)
}

// state is how a request is answered now.
func (s *Server) state() protocol.State {
	switch {
	case !s.ready.Load():
		return protocol.Unready
	case s.stopping.Load():
		return protocol.Last
	}
	return protocol.OK
}
