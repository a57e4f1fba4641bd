package driver

import (
	"errors"
	"log"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/app/protocol"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// datagrams sends requests from sockets that are kept, in turn, without waiting for answers. The sockets keep their ports,
// so the kernel's connection tracking may go on sending to a Pod that is gone: that is what this mode is to show.
type datagrams struct {
	*stream
	due     atomic.Int64 // requests with lower numbers are due
	tick    chan struct{}
	sent    sync.WaitGroup
	waiting waiting

	// Only the sending goroutine uses what follows.
	next    int64
	sockets []socket
	readers sync.WaitGroup
	line    [protocol.LineLimit]byte
}

// socket is connected to an address; it has none before its first request.
type socket struct {
	connection *net.UDPConn
	address    netip.AddrPort
}

func newDatagrams(s *stream) *datagrams {
	d := &datagrams{stream: s, tick: make(chan struct{}, 1), sockets: make([]socket, s.spec.Connections)}
	d.sent.Go(d.run)
	return d
}

func (d *datagrams) wake(_, to int64) {
	d.due.Store(to)
	select {
	case d.tick <- struct{}{}:
	default: // it has not seen the last one yet, and will see both
	}
}

func (d *datagrams) finish() {
	close(d.tick)
	d.sent.Wait()
}

func (d *datagrams) run() {
	for range d.tick {
		d.expire()
		for ; d.next < d.due.Load(); d.next++ {
			if d.schedule.due(d.next) < d.end.Load() {
				d.send(d.next)
			}
		}
	}
	for d.expire() > 0 {
		time.Sleep(tick)
	}
	for _, one := range d.sockets {
		if one.connection != nil {
			_ = one.connection.Close()
		}
	}
	d.readers.Wait()
}

// expire gives up requests that have waited for too long, and tells how many still wait.
func (d *datagrams) expire() int {
	late, left := d.waiting.expire(now() - int64(d.timeout))
	for _, sent := range late {
		d.finished(sent, 0, record.TimedOut)
	}
	return left
}

func (d *datagrams) send(number int64) {
	place := int(number % int64(len(d.sockets)))
	sent := now()
	d.late(d.schedule.due(number), sent)
	connection, err := d.connect(place)
	d.waiting.add(sent, place)
	if err == nil {
		request := protocol.AppendRequest(d.line[:0], protocol.Request{Number: number})
		_, err = connection.Write(request)
		if errors.Is(err, syscall.ECONNREFUSED) { // news of an earlier one: this one was not sent
			d.lost(place, number, err)
			_, err = connection.Write(request)
		}
	}
	if err != nil && d.waiting.settle(number) != 0 {
		d.failed(sent, 0, err)
	}
}

// connect returns the socket for a place, connected to where the name points now.
func (d *datagrams) connect(place int) (*net.UDPConn, error) {
	one, address := &d.sockets[place], *d.target.address.Load()
	if one.connection != nil && one.address == address {
		return one.connection, nil
	}
	if one.connection != nil {
		_ = one.connection.Close()
	}
	connection, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(address))
	if err != nil {
		one.connection = nil
		return nil, err
	}
	one.connection, one.address = connection, address
	d.readers.Go(func() { d.receive(connection, place) })
	return connection, nil
}

// receive takes answers until the socket is closed.
func (d *datagrams) receive(connection *net.UDPConn, place int) {
	var line [protocol.LineLimit]byte
	for {
		n, err := connection.Read(line[:])
		var fault syscall.Errno
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case errors.As(err, &fault): // an ICMP message about a datagram that was sent, told once
			d.lost(place, d.waiting.end(), err)
			continue
		case err != nil:
			log.Printf("Stream %s: reading a datagram: %v", d.spec.Name, err)
			return
		}
		answer, ok := protocol.ParseAnswer(line[:n])
		if !ok {
			continue
		}
		// An answer that comes too late was counted as timed out.
		if sent := d.waiting.settle(answer.Number); sent != 0 {
			d.finished(sent, d.pods.number(answer.Pod), outcomeOfState(answer.State))
		}
	}
}

// lost is called with an error that a socket reports about a request before the given one. It is the last that waits
// there: errors come within a millisecond, earlier requests were lost without one.
func (d *datagrams) lost(place int, before int64, err error) {
	if sent := d.waiting.settleLast(place, before); sent != 0 {
		d.failed(sent, 0, err)
	}
}
