package server

import (
	"bytes"
	"errors"
	"log"
	"net"
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/app/protocol"
)

// buffers are one connection's, kept for the next one.
type buffers struct {
	in  [protocol.LineLimit]byte
	out [protocol.LineLimit]byte
}

func (s *Server) acceptConnections(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // such as no file descriptors left: the next one may do
			log.Print("Accepting a connection: ", err)
			time.Sleep(time.Millisecond)
		default:
			go s.serveConnection(connection)
		}
	}
}

// serveConnection answers one request after the other until the client closes, says what is no request, or has had its
// last answer.
func (s *Server) serveConnection(connection net.Conn) {
	defer connection.Close() //nolint:errcheck // nothing is lost with it
	b := s.buffers.Get().(*buffers)
	defer s.buffers.Put(b)
	used := 0
	for used < len(b.in) {
		n, err := connection.Read(b.in[used:])
		if err != nil {
			return
		}
		used += n
		for {
			end := bytes.IndexByte(b.in[:used], '\n') + 1
			if end == 0 {
				break
			}
			if !s.answer(connection, b.in[:end], b.out[:0]) {
				return
			}
			used = copy(b.in[:], b.in[end:used])
		}
	}
}

// answer reports whether the connection is to be kept.
func (s *Server) answer(connection net.Conn, request, buffer []byte) bool {
	parsed, ok := protocol.ParseRequest(request)
	if !ok {
		return false
	}
	state := s.state()
	_, err := connection.Write(protocol.AppendAnswer(buffer, parsed.Number, s.options.Pod, state, time.Now().UnixNano()))
	return err == nil && state != protocol.Last && !parsed.Close
}
