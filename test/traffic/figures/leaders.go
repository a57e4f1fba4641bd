package figures

import "slices"

// led tells whether a Pod was meant to lead at any instant from one time to another, both included.
func led(leaders []Leader, pod string, from, to int64) bool {
	// The first entry after from; the one before it was in force at from.
	next, _ := slices.BinarySearchFunc(leaders, from, func(l Leader, at int64) int {
		if l.At.UnixNano() <= at {
			return -1
		}
		return 1
	})
	for i := max(next-1, 0); i < len(leaders) && leaders[i].At.UnixNano() <= to; i++ {
		if leaders[i].Pod == pod {
			return true
		}
	}
	return false
}

// handoversOf lists the changes of leader within the window, from one Pod to another, with or without nobody in between.
func handoversOf(leaders []Leader, window Window) []handover {
	var found []handover
	former := ""
	for i, leader := range leaders {
		if leader.Pod == "" || leader.Pod == former {
			continue
		}
		if former != "" && window.holds(leader.At.UnixNano()) {
			found = append(found, handover{
				from: former, to: leader.Pod, at: leader.At.UnixNano(), until: againFrom(leaders[i:], former),
			})
		}
		former = leader.Pod
	}
	return found
}

// againFrom is when the Pod leads again.
func againFrom(leaders []Leader, pod string) int64 {
	for _, leader := range leaders {
		if leader.Pod == pod {
			return leader.At.UnixNano()
		}
	}
	return never
}
