package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/zen-lead/zen-lead/test/controlplane"
	"github.com/zen-lead/zen-lead/test/poddriver"
)

const operatorUser = "zen-lead-operator"

func main() {
	operator := flag.String("operator", "bin/zen-lead", "the operator's binary")
	stay := flag.Bool("stay", false, "leave everything running until Ctrl-C")
	failovers := flag.Int("failovers", 100, "failovers to measure")
	flag.Parse()
	klog.SetLogger(logr.Discard())
	ctrl.SetLogger(logr.Discard())

	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *operator, *stay, *failovers)
	if ctx.Err() != nil {
		fmt.Println("\nStopped.")
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, operator string, stay bool, failovers int) (err error) {
	fmt.Println("Zen-Lead demo: a real Kubernetes control plane on this machine; Pods are API objects without containers.")
	plane, err := controlplane.Start(ctx, os.Stdout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plane.Stop()) }()
	// The Pods' driver and the operator are stopped before the API server.
	running, stop := context.WithCancel(ctx)
	defer stop()
	if err := poddriver.Start(running, plane.Config, poddriver.Options{
		Nodes: controlplane.Nodes, StartDelay: time.Second, StopDelay: time.Second,
	}); err != nil {
		return err
	}
	process, err := startOperator(ctx, plane, operator)
	if err != nil {
		return err
	}
	defer process.stop()

	clients, err := kubernetes.NewForConfig(plane.Config)
	if err != nil {
		return err
	}
	told := &story{clients: clients}
	if err := told.tell(running, failovers); err != nil {
		return fmt.Errorf("%w\nThe operator's log:\n%s", err, process.log())
	}
	if stay {
		return invite(ctx, plane, clients)
	}
	return nil
}

// operatorProcess is the operator as it ships.
type operatorProcess struct {
	command *exec.Cmd
	logPath string
	remove  func() error
}

// startOperator runs the operator's binary as a user with the rights of config/rbac.
func startOperator(ctx context.Context, plane *controlplane.ControlPlane, binary string) (*operatorProcess, error) {
	_, kubeconfig, err := plane.AddUser(operatorUser)
	if err != nil {
		return nil, err
	}
	roles, err := controlplane.OperatorRoles()
	if err != nil {
		return nil, err
	}
	for role, rules := range roles {
		namespace := "" // it watches them all
		if role == controlplane.RoleSystem {
			namespace = "kube-system"
		}
		if err := plane.Grant(ctx, operatorUser, namespace, operatorUser+role, rules); err != nil {
			return nil, err
		}
	}
	directory, err := os.MkdirTemp("", "zen-lead-operator-")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(directory, "kubeconfig")
	if err := os.WriteFile(path, kubeconfig, 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(directory, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close() //nolint:errcheck // the child has its own descriptor
	command := exec.Command(binary, "--kubeconfig", path, "--leader-election-namespace=kube-system",
		"--metrics-bind-address=0", "--health-probe-bind-address=0", "--zap-encoder=console", "--zap-time-encoding=rfc3339nano")
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches the demo, which stops it
	process := &operatorProcess{command: command, logPath: log.Name(), remove: func() error { return os.RemoveAll(directory) }}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting the operator: %w", err)
	}
	return process, nil
}

func (p *operatorProcess) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	_ = p.command.Wait()
	_ = p.remove()
}

func (p *operatorProcess) log() string {
	text, err := os.ReadFile(p.logPath)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
