package driver

import (
	"fmt"
	"sync"
	"testing"

	"github.com/zen-lead/zen-lead/test/traffic/record"
)

func TestRecordsStayInOrderWhileTheLogGrows(t *testing.T) {
	log := newRecordLog()
	const many = 3*chunkLength + 1
	for i := range many {
		log.add(record.Record{Sent: int64(i)})
	}
	all := log.appendTo(nil)
	if len(all) != many {
		t.Fatalf("%d records", len(all))
	}
	for i, one := range all {
		if one.Sent != int64(i) {
			t.Fatalf("record %d is %d", i, one.Sent)
		}
	}
}

func TestAPodKeepsItsNumber(t *testing.T) {
	table := newPodTable()
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for i := range 200 {
				name := fmt.Sprint("pod-", i%20)
				number := table.number([]byte(name))
				if got := table.list()[number]; got != name {
					t.Errorf("%s has the number of %s", name, got)
				}
			}
		})
	}
	asking.Wait()
	if names := table.list(); len(names) != 21 || names[0] != "" {
		t.Errorf("names %q", names)
	}
	known := []byte("pod-7")
	if cost := testing.AllocsPerRun(100, func() { table.number(known) }); cost != 0 {
		t.Errorf("%v allocations for a known name", cost)
	}
}
