package driver

import (
	"net"
	"sync"

	"github.com/zen-lead/zen-lead/test/traffic/app/protocol"
)

// fresh opens a new connection for every request.
type fresh struct {
	*stream
	ports    *ports
	requests sync.WaitGroup
}

func (f *fresh) wake(from, to int64) {
	for number := from; number < to; number++ {
		f.requests.Add(1)
		go f.request(number)
	}
}

func (f *fresh) finish() {
	f.requests.Wait()
}

// lines are kept from request to request.
var lines = sync.Pool{New: func() any { return new([protocol.LineLimit]byte) }}

func (f *fresh) request(number int64) {
	defer f.requests.Done()
	sent := now()
	f.late(f.schedule.due(number), sent)
	deadline := f.deadline(sent)
	connection, err := f.ports.dial(*f.target.address.Load(), deadline)
	if err != nil {
		f.failed(sent, 0, err)
		return
	}
	defer hangUp(connection)
	line := lines.Get().(*[protocol.LineLimit]byte)
	defer lines.Put(line)
	answer, err := exchange(connection, protocol.Request{Number: number, Close: true}, deadline, line)
	if err != nil {
		f.failed(sent, 0, err)
		return
	}
	f.finished(sent, f.pods.number(answer.Pod), outcomeOfState(answer.State))
	_, _ = connection.Read(line[:]) // the server closes
}

// hangUp closes with a reset. Of connections that end in the ordinary way the kernel keeps a port each for a minute, and at
// hundreds a second it would have none left. The server should have closed before: then the kernel's connection tracking
// knows that a connection from the same port is another one, and sends it to whoever leads by then.
func hangUp(connection *net.TCPConn) {
	_ = connection.SetLinger(0)
	_ = connection.Close()
}
