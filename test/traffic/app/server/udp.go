package server

import (
	"errors"
	"log"
	"net"
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/app/protocol"
)

// answerDatagrams answers one after the other. What is no request is ignored.
func (s *Server) answerDatagrams() {
	var b buffers
	for {
		n, from, err := s.udp.ReadFromUDPAddrPort(b.in[:])
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			log.Print("Reading a datagram: ", err)
			time.Sleep(time.Millisecond)
			continue
		}
		request, ok := protocol.ParseRequest(b.in[:n])
		if !ok {
			continue
		}
		answer := protocol.AppendAnswer(b.out[:0], request.Number, s.options.Pod, s.state(), time.Now().UnixNano())
		// An answer that cannot be sent is lost like any other datagram; the client counts it.
		_, _ = s.udp.WriteToUDPAddrPort(answer, from)
	}
}
