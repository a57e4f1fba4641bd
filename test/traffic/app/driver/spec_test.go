package driver

import (
	"testing"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

func TestSpecsThatMakeNoSenseAreRefused(t *testing.T) {
	good := func() Spec {
		return Spec{TimeoutMilliseconds: 1000, Streams: []record.StreamSpec{
			{Name: "kept", Mode: record.ModeKept, Address: "my-app-leader.team-a.svc:80", Rate: 500, Connections: 50},
		}}
	}
	if err := good().validate(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Spec){
		"no timeout":         func(s *Spec) { s.TimeoutMilliseconds = 0 },
		"a long timeout":     func(s *Spec) { s.TimeoutMilliseconds = 60_001 },
		"no stream":          func(s *Spec) { s.Streams = nil },
		"too many streams":   func(s *Spec) { s.Streams = make([]record.StreamSpec, 256) },
		"an unknown mode":    func(s *Spec) { s.Streams[0].Mode = "quic" },
		"no rate":            func(s *Spec) { s.Streams[0].Rate = 0 },
		"an enormous rate":   func(s *Spec) { s.Streams[0].Rate = 1e6 },
		"no connections":     func(s *Spec) { s.Streams[0].Connections = 0 },
		"no port":            func(s *Spec) { s.Streams[0].Address = "my-app-leader" },
		"a port by its name": func(s *Spec) { s.Streams[0].Address = "my-app-leader:http" },
		"no host":            func(s *Spec) { s.Streams[0].Address = ":80" },
	} {
		spec := good()
		spoil(&spec)
		if spec.validate() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
