package driver

import (
	"math"
	"slices"
	"sync"
)

// podTable numbers Pods' names in the order in which they are met; 0 is nobody.
type podTable struct {
	mutex   sync.RWMutex
	numbers map[string]uint16
	names   []string
}

func newPodTable() *podTable {
	return &podTable{numbers: map[string]uint16{}, names: []string{""}}
}

// number allocates nothing for a name that is known.
func (t *podTable) number(name []byte) uint16 {
	t.mutex.RLock()
	number, known := t.numbers[string(name)]
	t.mutex.RUnlock()
	if known {
		return number
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if number, known := t.numbers[string(name)]; known {
		return number
	}
	if len(t.names) > math.MaxUint16 {
		return 0
	}
	number = uint16(len(t.names))
	t.names = append(t.names, string(name))
	t.numbers[string(name)] = number
	return number
}

func (t *podTable) list() []string {
	t.mutex.RLock()
	defer t.mutex.RUnlock()
	return slices.Clone(t.names)
}
