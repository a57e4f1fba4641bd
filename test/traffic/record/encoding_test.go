package record_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// anyRun is a Run of any content at all.
func anyRun(t *rapid.T) *record.Run {
	streams, pods := rapid.IntRange(1, 5).Draw(t, "streams"), rapid.IntRange(1, 300).Draw(t, "Pods")
	run := &record.Run{}
	for range streams {
		run.Streams = append(run.Streams, record.StreamSpec{
			Name: rapid.String().Draw(t, "name"), Mode: record.ModeKept, Address: "my-app-leader.ns.svc:80",
			Rate: rapid.IntRange(0, 9999).Draw(t, "rate"), Connections: rapid.IntRange(0, 99).Draw(t, "connections"),
		})
		run.ResolveFailures = append(run.ResolveFailures, rapid.IntRange(0, 9).Draw(t, "resolve failures"))
		run.LatestSend = append(run.LatestSend, rapid.Int64().Draw(t, "latest"))
	}
	for range pods {
		run.Pods = append(run.Pods, rapid.StringN(0, 9, -1).Draw(t, "Pod"))
	}
	instants := rapid.Int64Range(math.MinInt64/4, math.MaxInt64/4)
	run.Records = rapid.SliceOf(rapid.Custom(func(t *rapid.T) record.Record {
		return record.Record{
			Stream: uint8(rapid.IntRange(0, streams-1).Draw(t, "stream")), Pod: uint16(rapid.IntRange(0, pods-1).Draw(t, "Pod")),
			Sent: instants.Draw(t, "sent"), Done: instants.Draw(t, "done"),
			Outcome: rapid.SampledFrom(record.Outcomes()).Draw(t, "outcome"),
		}
	})).Draw(t, "records")
	return run
}

func encode(t interface{ Fatal(...any) }, run *record.Run) []byte {
	var buffer bytes.Buffer
	if err := run.Write(&buffer); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func TestWhatIsReadIsWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		run := anyRun(t)
		read, err := record.Read(bytes.NewReader(encode(t, run)))
		if err != nil {
			t.Fatal(err)
		}
		if len(run.Records) == 0 {
			run.Records, read.Records = nil, nil
		}
		if difference := cmp.Diff(run, read); difference != "" {
			t.Fatal(difference)
		}
	})
}

func TestDamageIsAnErrorAndNoPanic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		encoded := encode(t, anyRun(t))
		cut := rapid.IntRange(0, len(encoded)-1).Draw(t, "cut")
		if _, err := record.Read(bytes.NewReader(encoded[:cut])); err == nil {
			t.Fatal("what was cut off was not missed")
		}
		encoded[cut] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		_, _ = record.Read(bytes.NewReader(encoded)) // gzip's own header has fields that do not matter
	})
}

// A name, a Pod or a stream that does not exist would panic in whoever reads the records.
func TestNumbersThatNameNothingAreRefused(t *testing.T) {
	for name, bad := range map[string]record.Record{
		"stream": {Stream: 1}, "Pod": {Pod: 1}, "outcome": {Outcome: record.Other + 1},
	} {
		run := &record.Run{Streams: make([]record.StreamSpec, 1), Pods: []string{""}, Records: []record.Record{bad}}
		if _, err := record.Read(bytes.NewReader(encode(t, run))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestOutcomesHaveNames(t *testing.T) {
	names := map[string]bool{}
	for _, outcome := range record.Outcomes() {
		names[outcome.String()] = true
	}
	if len(names) != 7 || names[""] {
		t.Errorf("names %v", names)
	}
}

// manyRecords is what nine streams at 500 requests a second leave behind in 67 s.
func manyRecords() *record.Run {
	run := &record.Run{Streams: make([]record.StreamSpec, 9), Pods: []string{"", "my-app-0", "my-app-1"}}
	sent := int64(1_800_000_000_000_000_000)
	for i := range 300_000 {
		sent += 222_222 + int64(i*7919%10_007)
		run.Records = append(run.Records, record.Record{
			Stream: uint8(i % 9), Sent: sent, Done: sent + 180_000 + int64(i*104_729%99_991), Pod: 1 + uint16(i/150_000),
		})
	}
	return run
}

func BenchmarkRecords(b *testing.B) {
	run := manyRecords()
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(float64(len(encode(b, run))), "bytes")
		}
	})
	encoded := encode(b, run)
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if _, err := record.Read(bytes.NewReader(encoded)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
