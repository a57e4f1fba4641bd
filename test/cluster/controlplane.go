package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/zen-lead/zen-lead/test/binaries"
)

// The control plane's daemons.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
)

// startControlPlane starts the machine that runs the control plane, in the host's network.
func (c Cluster) startControlPlane(ctx context.Context, programs Binaries) error {
	if err := os.MkdirAll(c.machine(controlPlaneMachine), 0o755); err != nil {
		return err
	}
	return c.start(ctx, controlPlaneMachine, nil, machineSpec{Daemons: []daemon{
		{Name: Etcd, Program: programs.in(binaries.ControlPlane, Etcd), Arguments: c.etcdArguments()},
		{Name: APIServer, Program: programs.in(binaries.ControlPlane, APIServer), Arguments: c.apiServerArguments()},
		{Name: ControllerManager, Program: programs.in(binaries.ControlPlane, ControllerManager), Arguments: c.controllerManagerArguments()},
		{Name: Scheduler, Program: programs.in(binaries.Node, Scheduler), Arguments: []string{
			"--kubeconfig=" + c.kubeconfigOf(Scheduler), "--leader-elect=false", "--bind-address=" + bridgeAddress,
		}},
	}})
}

func etcdAddress(port int) string { return fmt.Sprintf("http://%s:%d", bridgeAddress, port) }

func (c Cluster) etcdArguments() []string {
	return []string{
		"--name=zen-lead", "--data-dir=" + filepath.Join(c.machine(controlPlaneMachine), "etcd-data"),
		"--listen-client-urls=" + etcdAddress(etcdPort), "--advertise-client-urls=" + etcdAddress(etcdPort),
		"--listen-peer-urls=" + etcdAddress(etcdPeerPort), "--initial-advertise-peer-urls=" + etcdAddress(etcdPeerPort),
		"--initial-cluster=zen-lead=" + etcdAddress(etcdPeerPort),
		"--unsafe-no-fsync", "--log-level=warn",
	}
}

func (c Cluster) apiServerArguments() []string {
	return []string{
		"--etcd-servers=" + etcdAddress(etcdPort),
		"--bind-address=" + bridgeAddress, fmt.Sprintf("--secure-port=%d", apiPort), "--advertise-address=" + bridgeAddress,
		"--tls-cert-file=" + c.credentials(serverName+".crt"), "--tls-private-key-file=" + c.credentials(serverName+".key"),
		"--token-auth-file=" + c.credentials(tokens), "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--kubelet-client-certificate=" + c.credentials(kubeletClientName+".crt"),
		"--kubelet-client-key=" + c.credentials(kubeletClientName+".key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc." + clusterDomain,
		"--service-account-key-file=" + c.credentials("service-account.key"),
		"--service-account-signing-key-file=" + c.credentials("service-account.key"),
		"--service-cluster-ip-range=" + serviceRange, "--allow-privileged=true",
		"--shutdown-delay-duration=0s",
	}
}

// controllerManagerArguments have a rate limit well above the default one, so that a comparison with the built-in controllers does
// not flatter us. What concerns failing nodes is left at its default.
func (c Cluster) controllerManagerArguments() []string {
	return []string{
		"--kubeconfig=" + c.kubeconfigOf(ControllerManager), "--leader-elect=false", "--bind-address=" + bridgeAddress,
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + c.credentials("service-account.key"),
		"--root-ca-file=" + c.credentials(authorityName+".crt"),
		"--kube-api-qps=500", "--kube-api-burst=1000",
	}
}

// readinessTimeout is how long anything may take to become ready on a slow, busy machine.
const readinessTimeout = 5 * time.Minute
