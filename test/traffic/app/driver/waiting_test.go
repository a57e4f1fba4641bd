package driver

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestEveryRequestStopsWaitingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &waitingModel{clock: 1}
		t.Repeat(map[string]func(*rapid.T){
			"add": m.add, "settle": m.settle, "settle the last of a place": m.settleLast, "expire": m.expire,
		})
	})
}

// waitingModel is a list of all requests there ever were, beside what is tested.
type waitingModel struct {
	waiting waiting
	sent    []int64 // 0 once the request no longer waits
	places  []int
	clock   int64
}

// end is what settling a request must return; afterwards it no longer waits.
func (m *waitingModel) end(number int) int64 {
	if number < 0 || number >= len(m.sent) {
		return 0
	}
	sent := m.sent[number]
	m.sent[number] = 0
	return sent
}

func (m *waitingModel) add(t *rapid.T) {
	m.clock += rapid.Int64Range(1, 3).Draw(t, "time")
	place := rapid.IntRange(0, 2).Draw(t, "place")
	if m.waiting.end() != int64(len(m.sent)) {
		t.Fatalf("the next number is %d, want %d", m.waiting.end(), len(m.sent))
	}
	m.waiting.add(m.clock, place)
	m.sent, m.places = append(m.sent, m.clock), append(m.places, place)
}

func (m *waitingModel) settle(t *rapid.T) {
	number := rapid.IntRange(-1, len(m.sent)).Draw(t, "number")
	want := m.end(number)
	if got := m.waiting.settle(int64(number)); got != want {
		t.Fatalf("settle %d: %d, want %d", number, got, want)
	}
}

func (m *waitingModel) settleLast(t *rapid.T) {
	place, before := rapid.IntRange(0, 2).Draw(t, "place"), rapid.IntRange(0, len(m.sent)).Draw(t, "before")
	number := before - 1
	for number >= 0 && (m.places[number] != place || m.sent[number] == 0) {
		number--
	}
	want := m.end(number)
	if got := m.waiting.settleLast(place, int64(before)); got != want {
		t.Fatalf("settle the last of %d before %d: %d, want %d", place, before, got, want)
	}
}

func (m *waitingModel) expire(t *rapid.T) {
	before := m.clock - rapid.Int64Range(-1, 5).Draw(t, "age")
	var want []int64
	for number, sent := range m.sent {
		if sent != 0 && sent < before {
			want = append(want, m.end(number))
		}
	}
	got, left := m.waiting.expire(before)
	if !slices.Equal(got, want) {
		t.Fatalf("expire before %d: %v, want %v", before, got, want)
	}
	if waits := slices.ContainsFunc(m.sent, func(sent int64) bool { return sent != 0 }); waits != (left > 0) {
		t.Fatalf("%d are left, some wait: %v", left, waits)
	}
}
