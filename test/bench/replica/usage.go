package replica

import (
	"context"
	"fmt"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/procfs"
)

// ResidentBytes is the memory that the process has from the machine now: VmRSS.
func (r *Replica) ResidentBytes() (int64, error) {
	status, err := r.status()
	return int64(status.VmRSS), err
}

func (r *Replica) status() (procfs.ProcStatus, error) {
	process, err := r.process()
	if err != nil {
		return procfs.ProcStatus{}, err
	}
	status, err := process.NewStatus()
	if err != nil {
		return procfs.ProcStatus{}, fmt.Errorf("reading the memory of replica %d: %w", process.PID, err)
	}
	return status, nil
}

// CPUTime is the processor time that the process has used since its start, its own and the kernel's for it. It grows in steps of 10 ms.
func (r *Replica) CPUTime() (time.Duration, error) {
	process, err := r.process()
	if err != nil {
		return 0, err
	}
	stat, err := process.Stat()
	if err != nil {
		return 0, fmt.Errorf("reading the processor time of replica %d: %w", process.PID, err)
	}
	return time.Duration(stat.CPUTime() * float64(time.Second)), nil
}

func (r *Replica) process() (procfs.Proc, error) {
	process, err := procfs.NewProc(r.command.Process.Pid)
	if err != nil {
		return procfs.Proc{}, fmt.Errorf("looking for replica %d: %w", r.command.Process.Pid, err)
	}
	return process, nil
}

// Usage is what a process holds at a moment.
type Usage struct {
	// Resident is VmRSS, Own is what of it is not pages of files (RssAnon), and Heap what objects take that were not collected yet, all in bytes.
	// The pages of the binary's file come and go as the machine likes, and are never more than that file.
	Resident, Own, Heap float64
	// Goroutines, Descriptors (of open files and connections) and Series (that a scrape of its metrics returns) are numbers.
	Goroutines, Descriptors, Series float64
}

// Usage is what the replica holds now, by the machine and by its own metrics.
func (r *Replica) Usage(ctx context.Context) (Usage, error) {
	status, err := r.status()
	if err != nil {
		return Usage{}, err
	}
	families, err := r.families(ctx)
	if err != nil {
		return Usage{}, err
	}
	usage := Usage{
		Resident: float64(status.VmRSS), Own: float64(status.RssAnon), Heap: sum(families["go_memstats_heap_alloc_bytes"], nil),
		Goroutines: sum(families["go_goroutines"], nil), Descriptors: sum(families["process_open_fds"], nil),
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			usage.Series += float64(series(metric))
		}
	}
	return usage, nil
}

// series is how many series Prometheus stores of a metric.
func series(metric *dto.Metric) int {
	switch {
	case metric.Histogram != nil:
		return len(metric.Histogram.Bucket) + 2 // and its sum and its count
	case metric.Summary != nil:
		return len(metric.Summary.Quantile) + 2
	}
	return 1
}
