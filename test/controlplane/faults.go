package controlplane

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
)

// Process is one of the control plane's, for making it fail. It goes on with the arguments that it was first started with.
type Process struct {
	name      string
	arguments []string
	pid       int
	command   *exec.Cmd // nil while it is the one that the control plane was started with
	answers   func(context.Context) bool
}

// Server is kube-apiserver.
func (c *ControlPlane) Server() (*Process, error) {
	if c.server == nil {
		server := c.environment.ControlPlane.GetAPIServer()
		found, err := findProcess("kube-apiserver", "--cert-dir="+server.CertDir)
		if err != nil {
			return nil, err
		}
		client, err := rest.HTTPClientFor(c.Config)
		if err != nil {
			return nil, err
		}
		found.answers = func(ctx context.Context) bool {
			return ok(ctx, client, strings.TrimSuffix(c.Config.Host, "/")+"/readyz")
		}
		c.server = found
	}
	return c.server, nil
}

// Store is etcd.
func (c *ControlPlane) Store() (*Process, error) {
	if c.store == nil {
		etcd := c.environment.ControlPlane.Etcd
		found, err := findProcess("etcd", "--data-dir="+etcd.DataDir)
		if err != nil {
			return nil, err
		}
		found.answers = func(ctx context.Context) bool { return ok(ctx, http.DefaultClient, etcd.URL.String()+"/health") }
		c.store = found
	}
	return c.store, nil
}

// StoreDirectory is where etcd keeps its data.
func (c *ControlPlane) StoreDirectory() string {
	return c.environment.ControlPlane.Etcd.DataDir
}

// Stopped does something while neither etcd nor the API server runs, such as putting back a copy of etcd's data.
func (c *ControlPlane) Stopped(ctx context.Context, do func() error) error {
	server, err := c.Server()
	if err != nil {
		return err
	}
	store, err := c.Store()
	if err != nil {
		return err
	}
	return errors.Join(server.Kill(), store.Kill(), do(), store.Start(ctx), server.Start(ctx))
}

// Kill ends it as SIGKILL does.
func (p *Process) Kill() error {
	if err := syscall.Kill(p.pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("killing %s: %w", p.name, err)
	}
	if p.command != nil {
		_ = p.command.Wait() // it was killed
		return nil
	}
	return wait.PollUntilContextTimeout(context.Background(), 10*time.Millisecond, stopTimeout, true, func(context.Context) (bool, error) {
		return errors.Is(syscall.Kill(p.pid, 0), syscall.ESRCH), nil // envtest waits for its children
	})
}

// Freeze stops it where it is, and Thaw has it go on.
func (p *Process) Freeze() error { return syscall.Kill(p.pid, syscall.SIGSTOP) }

// Thaw has it go on.
func (p *Process) Thaw() error { return syscall.Kill(p.pid, syscall.SIGCONT) }

// Start starts it again after Kill, and waits until it answers.
func (p *Process) Start(ctx context.Context) error {
	p.command = exec.Command(p.arguments[0], p.arguments[1:]...)
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.command.Start(); err != nil {
		return fmt.Errorf("starting %s again: %w", p.name, err)
	}
	p.pid = p.command.Process.Pid
	return p.Ready(ctx)
}

// readyTimeout is generous: an API server that has to start beside much else takes more than a minute.
const readyTimeout = 3 * time.Minute

// Ready waits until it answers.
func (p *Process) Ready(ctx context.Context) error {
	err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, readyTimeout, true, func(ctx context.Context) (bool, error) {
		return p.answers(ctx), nil
	})
	if err != nil {
		return fmt.Errorf("waiting for %s: %w", p.name, err)
	}
	return nil
}

// end ends what Start has started.
func (p *Process) end() {
	if p == nil || p.command == nil {
		return
	}
	_ = p.command.Process.Kill()
	_ = p.command.Wait() // it was killed
}

func ok(ctx context.Context, client *http.Client, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// findProcess finds a child of ours by its name and one of its arguments. envtest does not tell.
func findProcess(name, argument string) (*Process, error) {
	directories, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	for _, directory := range directories {
		content, err := os.ReadFile(filepath.Join(directory, "cmdline"))
		if err != nil {
			continue // it has ended meanwhile
		}
		arguments := strings.Split(strings.TrimSuffix(string(content), "\x00"), "\x00")
		if filepath.Base(arguments[0]) != name || !slices.Contains(arguments, argument) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(directory))
		return &Process{name: name, arguments: arguments, pid: pid}, err
	}
	return nil, fmt.Errorf("%s %s does not run", name, argument)
}
