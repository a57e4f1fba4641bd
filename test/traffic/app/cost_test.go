package main

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// BenchmarkNineStreams measures what the bench itself costs: three servers, and one client with a stream of each mode to each
// of them at 500 requests a second, for as many seconds as -benchtime says (20x). Its figures are cores: processor time, user
// and system, by the processes' own account, start included, divided by the time that the run took.
func BenchmarkNineStreams(b *testing.B) {
	client := driving(b)
	var servers []*process
	var all []record.StreamSpec
	for i := range 3 {
		server := serving(b, fmt.Sprintf("pod-%d", i), "--shutdown-delay=0s")
		servers = append(servers, server)
		all = append(all, streams(500, 50, server)...)
	}
	client.start(1000, all...)
	b.ResetTimer()
	time.Sleep(time.Duration(b.N) * time.Second)
	run := client.stop()
	cores := func(processes ...*process) float64 {
		var used time.Duration
		for _, p := range processes {
			p.signal(syscall.SIGTERM)
			if code := p.exitCode(); code != 0 {
				b.Errorf("it exited with %d", code)
			}
			used += p.command.ProcessState.UserTime() + p.command.ProcessState.SystemTime()
		}
		return used.Seconds() / float64(b.N)
	}
	b.ReportMetric(cores(client), "cores-client")
	b.ReportMetric(cores(servers...), "cores-servers")
	b.ReportMetric(float64(len(run.Records))/float64(b.N), "requests/s")
	latest := int64(0)
	for _, one := range run.LatestSend {
		latest = max(latest, one)
	}
	b.ReportMetric(float64(latest)/1e6, "ms-latest")
	for stream := range run.Streams {
		if found := counts(run, stream); len(found) != 1 || found[record.OK] == 0 {
			b.Errorf("stream %d: %v", stream, found)
		}
	}
}
