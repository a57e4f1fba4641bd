package driver

import (
	"sync"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// chunkLength is how many records are allocated at a time: 192 KiB, 16 s at 500 requests a second.
const chunkLength = 8192

// recordLog keeps records in chunks, so that growing copies nothing while requests are timed.
type recordLog struct {
	mutex  sync.Mutex
	chunks [][]record.Record
}

func newRecordLog() *recordLog {
	return &recordLog{chunks: [][]record.Record{make([]record.Record, 0, chunkLength)}}
}

func (l *recordLog) add(one record.Record) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	last := len(l.chunks) - 1
	if len(l.chunks[last]) == chunkLength {
		l.chunks = append(l.chunks, make([]record.Record, 0, chunkLength))
		last++
	}
	l.chunks[last] = append(l.chunks[last], one)
}

// appendTo appends what there is by now.
func (l *recordLog) appendTo(records []record.Record) []record.Record {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, chunk := range l.chunks {
		records = append(records, chunk...)
	}
	return records
}
