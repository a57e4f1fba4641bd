package driver

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"
)

// Ports that new connections take in turn. The kernel would choose at random, and soon one whose last connection is still in the
// node's connection tracking (for two minutes, if it was never answered): the new one would then be sent where that one went,
// whoever leads by now. At 500 connections a second it takes more than two minutes until a port's turn comes again.
const (
	firstPort = 2048
	lastPort  = 65535
)

// portTries is how many ports are tried: a kept connection may have one, or the control server.
const portTries = 10

// ports hands out ports.
type ports struct {
	next atomic.Int64
}

// apart is how many ports are between two streams that follow each other. Two connections from one port to different Services that
// lead to the same Pod cannot be told apart there, and the second one would fail.
const apart = 7001

// newPorts begins where an earlier run would be by now: its ports too have their two minutes.
func newPorts(stream uint8, rate int, now time.Time) *ports {
	p := &ports{}
	p.next.Store(now.Unix()*int64(rate) + int64(stream)*apart)
	return p
}

func (p *ports) take() int {
	return firstPort + int((p.next.Add(1)-1)%(lastPort-firstPort+1))
}

// dial opens a connection from the next port.
func (p *ports) dial(address netip.AddrPort, deadline time.Time) (*net.TCPConn, error) {
	for try := 1; ; try++ {
		dialer := net.Dialer{Deadline: deadline, KeepAlive: -1, LocalAddr: &net.TCPAddr{Port: p.take()}, Control: shareAddress}
		connection, err := dialer.Dial("tcp", address.String())
		if err == nil {
			return connection.(*net.TCPConn), nil
		}
		taken := errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EADDRNOTAVAIL)
		if !taken || try == portTries {
			return nil, err
		}
	}
}

// shareAddress lets streams to different Services have the same port.
func shareAddress(_, _ string, connection syscall.RawConn) error {
	var err error
	controlErr := connection.Control(func(descriptor uintptr) {
		err = syscall.SetsockoptInt(int(descriptor), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	})
	return errors.Join(controlErr, err)
}
