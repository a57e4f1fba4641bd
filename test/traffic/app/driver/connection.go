package driver

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/app/protocol"
)

// dial opens a connection, without keep-alive probes, which would cost system calls for each.
func dial(address netip.AddrPort, deadline time.Time) (*net.TCPConn, error) {
	dialer := net.Dialer{Deadline: deadline, KeepAlive: -1}
	return dialer.DialTCP(context.Background(), "tcp", netip.AddrPort{}, address)
}

// exchange sends a request and reads the answer, whose Pod points into the buffer.
func exchange(connection *net.TCPConn, request protocol.Request, deadline time.Time, buffer *[protocol.LineLimit]byte) (protocol.Answer, error) {
	if err := connection.SetDeadline(deadline); err != nil {
		return protocol.Answer{}, err
	}
	if _, err := connection.Write(protocol.AppendRequest(buffer[:0], request)); err != nil {
		return protocol.Answer{}, err
	}
	used := 0
	for used < len(buffer) {
		n, err := connection.Read(buffer[used:])
		used += n
		if end := bytes.IndexByte(buffer[:used], '\n'); end >= 0 {
			return parseAnswer(buffer[:end], request.Number)
		}
		if err != nil {
			return protocol.Answer{}, err
		}
	}
	return protocol.Answer{}, io.ErrShortBuffer
}
