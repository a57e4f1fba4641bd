package replica

import (
	"fmt"
	"time"

	"github.com/prometheus/procfs"
)

// ResidentBytes is the memory that the process has from the machine now: VmRSS.
func (r *Replica) ResidentBytes() (int64, error) {
	process, err := r.process()
	if err != nil {
		return 0, err
	}
	status, err := process.NewStatus()
	if err != nil {
		return 0, fmt.Errorf("reading the memory of replica %d: %w", process.PID, err)
	}
	return int64(status.VmRSS), nil
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
