package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zen-lead/zen-lead/test/traffic/app/server"
)

// patience is how long anything may take that must happen in the end.
const patience = 20 * time.Second

// running is a server on loopback, which ends with the test.
type running struct {
	*testing.T
	addresses map[string]string
	end       context.CancelFunc
	allowed   chan bool
	exited    chan int
}

func start(t *testing.T, delay time.Duration) *running {
	t.Helper()
	r := &running{T: t, addresses: map[string]string{}, allowed: make(chan bool, 10), exited: make(chan int, 1)}
	s, err := server.Listen(t.Context(), server.Options{
		Pod: "pod-a", TCP: "127.0.0.1:0", Second: "127.0.0.1:0", UDP: "127.0.0.1:0", Control: "127.0.0.1:0", ShutdownDelay: delay,
		Allow: func(allowed bool) { r.allowed <- allowed }, Exit: func(code int) { r.exited <- code },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range strings.Fields(s.String()) {
		kind, address, _ := strings.Cut(field, "=")
		r.addresses[kind] = address
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.end = cancel
	go s.Run(ctx)
	t.Cleanup(cancel) // a long delay is not waited for
	return r
}

func (r *running) post(path string) {
	r.Helper()
	response, err := http.Post("http://"+r.addresses["control"]+path, "", nil)
	if err != nil {
		r.Fatal(err)
	}
	_ = response.Body.Close()
}

// connection is a client's.
type connection struct {
	*testing.T
	net.Conn
	lines *bufio.Reader
}

func (r *running) dial(network string) *connection {
	r.Helper()
	return r.dialTo(network, network)
}

// dialTo connects to one of the addresses.
func (r *running) dialTo(network, address string) *connection {
	r.Helper()
	conn, err := net.Dial(network, r.addresses[address])
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &connection{T: r.T, Conn: conn, lines: bufio.NewReader(conn)}
}

func (c *connection) says(text string) {
	c.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.Fatal(err)
	}
}

// hears expects an answer, without the server's time at its end.
func (c *connection) hears(want string) {
	c.Helper()
	line, err := c.lines.ReadString('\n')
	var number int64
	var pod, state string
	var at int64
	if _, scan := fmt.Sscanf(line, "%d %s %s %d\n", &number, &pod, &state, &at); err != nil || scan != nil {
		c.Fatalf("heard %q: %v %v", line, err, scan)
	}
	if got := fmt.Sprint(number, " ", pod, " ", state); got != want {
		c.Errorf("heard %q, want %q", got, want)
	}
	if age := time.Since(time.Unix(0, at)); age < 0 || age > patience {
		c.Errorf("the server's time is %v ago", age)
	}
}

func (c *connection) isClosed() {
	c.Helper()
	if line, err := c.lines.ReadString('\n'); err == nil || strings.Contains(err.Error(), "timeout") {
		c.Errorf("heard %q, %v, want the end", line, err)
	}
}

func TestAConnectionServesManyRequests(t *testing.T) {
	c := start(t, 0).dial("tcp")
	c.says("1\n")
	c.hears("1 pod-a ok")
	c.says("2\n3\n4")
	c.hears("2 pod-a ok")
	c.hears("3 pod-a ok")
	c.says("5\n")
	c.hears("45 pod-a ok")
}

func TestTheSecondPortAnswersTheSame(t *testing.T) {
	r := start(t, 0)
	c := r.dialTo("tcp", "second")
	c.says("1\n")
	c.hears("1 pod-a ok")
}

func TestWhatIsNoRequestEndsAConnection(t *testing.T) {
	r := start(t, 0)
	for _, text := range []string{"GET / HTTP/1.1\r\n", strings.Repeat("1", 600)} {
		c := r.dial("tcp")
		c.says(text)
		c.isClosed()
	}
}

func TestDatagramsAreAnsweredOrIgnored(t *testing.T) {
	r := start(t, 0)
	c := r.dial("udp")
	c.says("hello")
	c.says("7\n")
	c.hears("7 pod-a ok")
	r.post("/ready?value=false")
	c.says("8")
	c.hears("8 pod-a unready")
}

func TestAKeptConnectionHasALastAnswer(t *testing.T) {
	r := start(t, patience)
	early, late := r.dial("tcp"), r.dial("tcp")
	early.says("1\n")
	early.hears("1 pod-a ok")
	<-r.allowed // it is ready
	r.end()
	<-r.allowed // it has been told
	early.says("2\n")
	early.hears("2 pod-a last")
	early.isClosed()
	late.says("3\n")
	late.hears("3 pod-a last")
	another := r.dial("tcp")
	another.says("4\n")
	another.hears("4 pod-a last")
	datagram := r.dial("udp")
	datagram.says("5\n")
	datagram.hears("5 pod-a last")
	datagram.says("6\n")
	datagram.hears("6 pod-a last")
}

// probe asks whether it is ready, as the kubelet does.
func (r *running) probe() {
	response, err := http.Get("http://" + r.addresses["control"] + "/ready")
	if err != nil {
		r.Fatal(err)
	}
	_ = response.Body.Close()
}

func TestWhenItMayBeTheActiveOne(t *testing.T) {
	r := start(t, 500*time.Millisecond)
	var got []bool
	take := func() { got = append(got, <-r.allowed) }
	take()
	r.post("/ready?value=false")
	r.probe() // which finds it out
	take()
	r.post("/ready?value=true")
	take()
	r.end()
	take()
	r.post("/ready?value=true") // not while it shuts down
	take()
	if difference := cmp.Diff([]bool{true, false, true, false, false}, got); difference != "" {
		t.Error(difference)
	}
}

func TestExitOnCommand(t *testing.T) {
	r := start(t, 0)
	r.post("/exit")
	if code := <-r.exited; code != 137 {
		t.Errorf("exit code %d", code)
	}
}
