package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// Nodes are the names of the Node objects. The built-in EndpointSlice controller leaves out Pods of nodes that do not exist.
var Nodes = []string{"node-a", "node-b", "node-c"}

// controllers are the parts of kube-controller-manager that run. Node lifecycle and Pod garbage collection are left out:
// they would mourn the missing kubelets. These are their names of before 1.28, which later versions know too.
const controllers = "deployment,replicaset,statefulset,daemonset,job,disruption,endpoint,endpointslice,endpointslicemirroring," +
	"garbagecollector,namespace"

// stopTimeout is how long a process may take to stop before it is killed. kube-apiserver waits for clients that are still
// watching, and its data goes anyway.
const stopTimeout = 5 * time.Second

// auditPolicy logs the requests of the users of AuditedGroup, auditAllPolicy everybody's.
const (
	auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  userGroups: ["` + AuditedGroup + `"]
- level: None
`
	auditAllPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
`
)

// AuditedGroup is the group whose requests are written to the audit log.
const AuditedGroup = "audited"

// ControlPlane is a running control plane.
type ControlPlane struct {
	// Config is the administrator's.
	Config *rest.Config
	// Kubeconfig is the path of the administrator's kubeconfig.
	Kubeconfig string
	// AuditLog is the path of the log of what users of AuditedGroup have asked for.
	AuditLog string
	// Kubectl is the path of kubectl, which has the API server's version.
	Kubectl string
	// Version is the API server's, as it says.
	Version *version.Version

	directory   string
	environment *envtest.Environment
	manager     *exec.Cmd
	managerDone chan error

	server, store *Process // once somebody has asked for them
}

// Start starts a control plane and returns once it serves. Its data is in a temporary directory that Stop removes.
func Start(ctx context.Context, progress io.Writer) (*ControlPlane, error) {
	return start(ctx, progress, auditPolicy)
}

// StartAuditingAll starts a control plane whose audit log has the requests of all users.
func StartAuditingAll(ctx context.Context, progress io.Writer) (*ControlPlane, error) {
	return start(ctx, progress, auditAllPolicy)
}

func start(ctx context.Context, progress io.Writer, policy string) (*ControlPlane, error) {
	programs, err := Binaries(ctx, progress)
	if err != nil {
		return nil, fmt.Errorf("preparing the control plane's binaries: %w", err)
	}
	directory, err := os.MkdirTemp("", "zen-lead-controlplane-")
	if err != nil {
		return nil, fmt.Errorf("making a directory for the control plane: %w", err)
	}
	c := &ControlPlane{
		directory:  directory,
		Kubeconfig: filepath.Join(directory, "kubeconfig"),
		AuditLog:   filepath.Join(directory, "audit.log"),
		Kubectl:    programs.Kubectl,
	}
	if err := c.start(ctx, programs, policy); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *ControlPlane) start(ctx context.Context, programs Programs, auditPolicy string) error {
	policy := filepath.Join(c.directory, "audit-policy.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return err
	}
	c.environment = &envtest.Environment{ControlPlaneStartTimeout: time.Minute, ControlPlaneStopTimeout: stopTimeout}
	c.environment.ControlPlane.Etcd = &envtest.Etcd{Path: programs.Etcd}
	server := c.environment.ControlPlane.GetAPIServer()
	server.Path = programs.APIServer
	c.environment.ControlPlane.KubectlPath = c.Kubectl
	server.Configure().
		Set("service-cluster-ip-range", "10.96.0.0/16,fd00:96::/112").
		Set("audit-policy-file", policy).
		Set("audit-log-path", c.AuditLog).
		Set("shutdown-delay-duration", "0s")
	config, err := c.environment.Start()
	if err != nil {
		return fmt.Errorf("starting etcd and kube-apiserver: %w", err)
	}
	config.QPS, config.Burst = -1, 0
	c.Config = config
	if err := os.WriteFile(c.Kubeconfig, c.environment.KubeConfig, 0o600); err != nil {
		return err
	}
	if err := c.readVersion(programs.version); err != nil {
		return err
	}
	if err := c.startManager(programs.ControllerManager); err != nil {
		return fmt.Errorf("starting kube-controller-manager: %w", err)
	}
	return c.prepare(ctx)
}

// readVersion asks the API server for its version, which must be the one that its program was built of, if that is known.
func (c *ControlPlane) readVersion(built string) error {
	clients, err := discovery.NewDiscoveryClientForConfig(c.Config)
	if err != nil {
		return err
	}
	info, err := clients.ServerVersion()
	if err != nil {
		return fmt.Errorf("asking for the API server's version: %w", err)
	}
	if built != "" && info.GitVersion != built {
		return fmt.Errorf("the API server says that it is %s, not %s", info.GitVersion, built)
	}
	c.Version, err = version.ParseSemantic(info.GitVersion)
	return err
}

// startManager starts the built-in controllers. The rate limit is well above the default one, so that a comparison with
// them does not flatter us.
func (c *ControlPlane) startManager(path string) error {
	log, err := os.Create(filepath.Join(c.directory, "kube-controller-manager.log"))
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the child has its own descriptor
	c.manager = exec.Command(path, "--kubeconfig", c.Kubeconfig, "--controllers", controllers, "--leader-elect=false",
		"--secure-port=0", "--kube-api-qps=500", "--kube-api-burst=1000")
	c.manager.Stdout, c.manager.Stderr = log, log
	// A group of its own: Ctrl-C on the terminal reaches us only, and we stop the rest in order.
	c.manager.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.manager.Start(); err != nil {
		return err
	}
	c.managerDone = make(chan error, 1)
	go func() { c.managerDone <- c.manager.Wait() }()
	return nil
}

// prepare makes the Node objects and waits until the built-in controllers work.
func (c *ControlPlane) prepare(ctx context.Context) error {
	clients, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return err
	}
	for _, name := range Nodes {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := clients.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("creating Node %s: %w", name, err)
		}
	}
	// A Service with a selector gets an EndpointSlice as soon as the controllers run.
	probe := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "probe"},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"probe": ""}, Ports: []corev1.ServicePort{{Port: 80}}},
	}
	services := clients.CoreV1().Services(metav1.NamespaceDefault)
	if _, err := services.Create(ctx, probe, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("creating a Service: %w", err)
	}
	err = wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		select {
		case err := <-c.managerDone:
			c.managerDone <- err
			return false, fmt.Errorf("kube-controller-manager ended, see %s: %w", c.directory, err)
		default:
		}
		slices, err := clients.DiscoveryV1().EndpointSlices(metav1.NamespaceDefault).List(ctx,
			metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=probe"})
		return err == nil && len(slices.Items) > 0, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the built-in controllers: %w", err)
	}
	return services.Delete(ctx, probe.Name, metav1.DeleteOptions{})
}

// AddUser makes a user with a client certificate; what it may do is for RBAC to say. It returns its configuration, and
// the same as a kubeconfig.
func (c *ControlPlane) AddUser(name string, groups ...string) (*rest.Config, []byte, error) {
	user, err := c.environment.AddUser(envtest.User{Name: name, Groups: groups}, &rest.Config{QPS: -1})
	if err != nil {
		return nil, nil, fmt.Errorf("adding user %s: %w", name, err)
	}
	kubeconfig, err := user.KubeConfig()
	return user.Config(), kubeconfig, err
}

// Stop stops everything and removes the data.
func (c *ControlPlane) Stop() error {
	var failures []error
	if c.manager != nil {
		failures = append(failures, c.stopManager())
	}
	if c.environment != nil {
		failures = append(failures, c.stopServer())
	}
	return errors.Join(append(failures, os.RemoveAll(c.directory))...)
}

// stopServer stops kube-apiserver and etcd. That the former had to be killed is no failure.
func (c *ControlPlane) stopServer() error {
	c.server.end()
	c.store.end()
	err := c.environment.Stop()
	if err != nil && strings.Contains(err.Error(), "timeout waiting for process kube-apiserver") {
		err = nil
	}
	if server := c.environment.ControlPlane.APIServer; server != nil && server.Authn != nil {
		_ = server.Authn.Stop() // removes its certificates, where a killed server has left them
	}
	return err
}

func (c *ControlPlane) stopManager() error {
	if err := c.manager.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-c.managerDone:
		return ignoreExit(err)
	case <-time.After(stopTimeout):
		return c.manager.Process.Kill()
	}
}

// ignoreExit drops the exit status of a process that was told to end.
func ignoreExit(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}
