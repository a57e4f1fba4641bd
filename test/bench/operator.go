package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/zen-lead/zen-lead/test/bench/replica"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

const (
	operatorUser      = "zen-lead-operator"
	operatorNamespace = "kube-system"
	// metricWrites counts the operator's requests that are not reads, see contract 5.
	metricWrites = "zen_lead_api_writes_total"
	// idleFor is for how long it must have written nothing to count as idle.
	idleFor = 500 * time.Millisecond
	// logTail is how much of the operator's log people are shown when a case fails, in bytes.
	logTail = 8 << 10
)

// operator is the operator as it ships: a replica with leader election that watches all namespaces.
type operator struct {
	binary     string
	directory  string
	kubeconfig string
	log        *os.File
	replica    *replica.Replica // nil while it is stopped
}

// newOperator makes the user that the operator will be, with the rights of config/rbac. Its requests are audited.
func newOperator(ctx context.Context, plane *controlplane.ControlPlane, binary string) (*operator, error) {
	_, kubeconfig, err := plane.AddUser(operatorUser, controlplane.AuditedGroup)
	if err != nil {
		return nil, err
	}
	if err := plane.GrantOperator(ctx, operatorUser, "", operatorNamespace); err != nil { // it watches all namespaces
		return nil, err
	}
	directory, err := os.MkdirTemp("", "zen-lead-bench-")
	if err != nil {
		return nil, err
	}
	o := &operator{binary: binary, directory: directory, kubeconfig: filepath.Join(directory, "kubeconfig")}
	if err := os.WriteFile(o.kubeconfig, kubeconfig, 0o600); err != nil {
		return o, err
	}
	o.log, err = os.Create(filepath.Join(directory, "operator.log"))
	return o, err
}

// launch starts a replica more.
func (o *operator) launch(ctx context.Context) (*replica.Replica, error) {
	return replica.Start(context.WithoutCancel(ctx), replica.Options{
		Binary: o.binary, Kubeconfig: o.kubeconfig, LeaseNamespace: operatorNamespace, LeaderElection: true, Log: o.log,
	})
}

// start starts the replica and waits until it acts.
func (o *operator) start(ctx context.Context) (err error) {
	if o.replica, err = o.launch(ctx); err != nil {
		return fmt.Errorf("starting the operator: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if err := errors.Join(o.replica.WaitReady(ctx), o.replica.WaitActing(ctx)); err != nil {
		return fmt.Errorf("waiting for the operator: %w", err)
	}
	return nil
}

// idle waits until the replica writes nothing any longer, but for the renewals of its Lease: Events are written one after another,
// and those of thousands of elections take a while.
func (o *operator) idle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	for before := -1.0; ; {
		all, err := o.replica.Metric(ctx, metricWrites)
		if err != nil {
			return err
		}
		renewals, err := o.replica.Metric(ctx, metricWrites, "kind=Lease")
		if err != nil {
			return err
		}
		if all-renewals == before {
			return nil
		}
		before = all - renewals
		if err := pause(ctx, idleFor); err != nil {
			return fmt.Errorf("waiting until the operator writes nothing any longer: %w", err)
		}
	}
}

// stop ends the replica, if it runs.
func (o *operator) stop(ctx context.Context) error {
	if o.replica == nil {
		return nil
	}
	stopped := o.replica
	o.replica = nil
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if err := stopped.Terminate(ctx); err != nil {
		return fmt.Errorf("stopping the operator: %w", err)
	}
	return nil
}

// tail is the end of the log.
func (o *operator) tail() string {
	text, err := os.ReadFile(o.log.Name())
	if err != nil {
		return err.Error()
	}
	if len(text) > logTail {
		_, text, _ = bytes.Cut(text[len(text)-logTail:], []byte("\n"))
	}
	return string(text)
}
