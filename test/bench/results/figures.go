package results

// Figure is one number of a case. Its name is what people read.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// Units of figures. A bar is judged only by a figure in the unit of the bar: MiB or KiB for memory, writes for writes.
const (
	UnitMiB          = "MiB"
	UnitKiB          = "KiB"
	UnitMilliseconds = "ms"
	UnitMicroseconds = "µs"
	UnitWrites       = "writes"
	UnitCalls        = "calls"
	UnitPercent      = "% of a core"
	UnitShare        = "%"
	UnitOne          = ""
)

// FigureFirst is of failovers one after another. kube-proxy serves first whose slice is written first, and lets the other one wait for
// up to a second.
const FigureFirst = "failovers in which Zen-Lead's slice was written first"

// Figures of bursts, from the first of their writes: medians of the bursts.
const (
	FigureTotalOurs    = "until all have moved"
	FigureTotalBuiltIn = "until the built-in controller has dropped all"
	// FigureBurstTakenOver is of CaseBurstOfPair; the leaders that are gathered on the node before each burst are a burst too.
	FigureBurstTakenOver = "decisions that the standby took over, for each burst with the gathering before it"
)

// Figures of CaseMemory.
const (
	// FigureResidentEmpty is of a ready process that watches namespaces without Services and Pods.
	FigureResidentEmpty = "resident memory, empty"
	// FigureResidentServices is with 1,000 annotated Services and their Pods.
	FigureResidentServices = "resident memory, with the annotated Services and their Pods"
	// FigureResidentPods is with unrelated Pods besides, which came while the process ran.
	FigureResidentPods = "resident memory, with the unrelated Pods besides"
	// FigureResidentPodsRestarted is of a process that starts with all of that there: it reads the Pods as one list.
	FigureResidentPodsRestarted = "resident memory, with all of it there at the start"
	// FigurePerService is with its Pods.
	FigurePerService = "resident memory for each annotated Service with its Pods"
	// FigurePerPod is what one unrelated Pod adds; there is a bar on it, in KiB.
	FigurePerPod = "resident memory for each unrelated Pod"
	// FigureUnrelatedPods is how many there were.
	FigureUnrelatedPods = "unrelated Pods"
	// FigurePodSize is how large each is as JSON.
	FigurePodSize = "size of an unrelated Pod as JSON"
	// FigureCPUOfStart is of the start with all of that there.
	FigureCPUOfStart = "processor time of the start with all of it there"
)

// Figures of CaseCalls. Writes are all requests but reads, without those of Events and of the operator's own Lease.
const (
	// FigureWritesBeforeMoved is the writes of a failover up to the one that moves the traffic, and including it.
	FigureWritesBeforeMoved = "writes until the traffic has moved, for each failover"
	// FigureWritesPerFailover includes those before.
	FigureWritesPerFailover = "writes in all, for each failover"
	FigureEventsPerFailover = "writes of Events, for each failover"
	FigureReadsPerFailover  = "reads, for each failover"
	FigureWritesAtRest      = "writes at rest, in a minute"
	FigureLeaseWritesAtRest = "renewals of the operator's own Lease at rest, in a minute"
	FigureReadsAtRest       = "reads at rest, in a minute"
)

// Figures of CaseStartup, with 5,000 annotated Services already there; times are from the start of the process.
const (
	FigureFirstDecision = "from the start until the first failover is done"
	FigureAllChecked    = "from the start until all Services have been checked"
	FigureCallsAtStart  = "calls to the API server until then"
	// FigureWritesAtStart has the failover's own writes, and none besides if everything else was as it should be.
	FigureWritesAtStart = "writes among them"
)

// Figures of CaseCPU.
const (
	FigureCPUAtRest       = "processor time at rest"
	FigureCPUUnderUpdates = "processor time under the updates of unrelated Pods"
	FigureUpdatesASecond  = "updates of unrelated Pods in a second"
)

// Figures of CaseTakeoverKill and CaseTakeoverTerminate: the same failovers with both replicas left alone, just before.
const (
	FigureUndisturbed        = "undisturbed, p50"
	FigureUndisturbedP99     = "undisturbed, p99"
	FigureUndisturbedBuiltIn = "undisturbed, p50 of the built-in controller"
	// FigureTakenOver is in how many rounds the standby decided as such: before it acted first.
	FigureTakenOver = "rounds in which the standby took the decision over"
)
