package controlplane

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// assetsVariable names a directory whose binaries are used instead of building them.
const assetsVariable = "KUBEBUILDER_ASSETS"

// progressEvery is how often a long build says how far it is.
const progressEvery = 10 * time.Second

// program is one program of the control plane and the Go package that it is built from.
type program struct {
	name, pkg string
}

// programs are pinned as tools in binaries/go.mod.
var programs = []program{
	{"etcd", "go.etcd.io/etcd/server/v3"},
	{"kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"},
	{"kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"},
	{"kubectl", "k8s.io/kubernetes/cmd/kubectl"},
}

// Binaries returns the directory that holds the control plane's programs. It builds them from Go modules unless that was
// done before, or KUBEBUILDER_ASSETS names a directory that holds them. What it does is told to progress.
func Binaries(ctx context.Context, progress io.Writer) (string, error) {
	if assets := os.Getenv(assetsVariable); assets != "" {
		return assets, checkAssets(assets)
	}
	module, err := moduleDirectory()
	if err != nil {
		return "", err
	}
	version, err := output(ctx, module, "go", "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
	if err != nil {
		return "", err
	}
	cache, err := cacheDirectory(module)
	if err != nil {
		return "", err
	}
	unlock, err := lock(cache+".lock", progress)
	if err != nil {
		return "", err
	}
	defer unlock()
	if checkAssets(cache) == nil {
		return cache, nil
	}
	return cache, build(ctx, module, cache, version, progress)
}

func checkAssets(directory string) error {
	for _, program := range programs {
		if _, err := os.Stat(filepath.Join(directory, program.name)); err != nil {
			return fmt.Errorf("%s has no %s; unset %s to have it built: %w", directory, program.name, assetsVariable, err)
		}
	}
	return nil
}

// moduleDirectory is that of the nested module, beside this file.
func moduleDirectory() (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		return "", errors.New("cannot tell where the sources are; do not build this with -trimpath")
	}
	return filepath.Join(filepath.Dir(file), "binaries"), nil
}

// cacheDirectory is one for these versions and this compiler, outside the tree: another checkout finds it too.
func cacheDirectory(module string) (string, error) {
	hash := sha256.New()
	for _, file := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(module, file))
		if err != nil {
			return "", fmt.Errorf("reading the pinned versions: %w", err)
		}
		hash.Write(content)
	}
	fmt.Fprintln(hash, runtime.Version(), runtime.GOOS, runtime.GOARCH, buildFlags("version"))
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding a cache directory: %w", err)
	}
	directory := filepath.Join(user, "zen-lead", "controlplane-"+hex.EncodeToString(hash.Sum(nil))[:16])
	return directory, os.MkdirAll(filepath.Dir(directory), 0o750)
}

// buildFlags stamps the Kubernetes version, which clients parse.
func buildFlags(version string) string {
	const pkg = "k8s.io/component-base/version."
	major, minor := "", ""
	if parts := strings.Split(strings.TrimPrefix(version, "v"), "."); len(parts) > 1 {
		major, minor = parts[0], parts[1]
	}
	return fmt.Sprintf("-s -w -X %sgitVersion=%s -X %sgitMajor=%s -X %sgitMinor=%s", pkg, version, pkg, major, pkg, minor)
}

// build builds all programs into a directory that appears only once it is complete.
func build(ctx context.Context, module, directory, version string, progress io.Writer) error {
	fmt.Fprintf(progress, "Building the control plane (Kubernetes %s and etcd) from Go modules, once: about 7 minutes on two cores.\n", version)
	fmt.Fprintf(progress, "  It is kept in %s.\n  Fetching modules...\n", directory)
	packages := make([]string, 0, len(programs))
	for _, program := range programs {
		packages = append(packages, program.pkg)
	}
	dependencies, err := output(ctx, module, "go", append([]string{"list", "-deps"}, packages...)...)
	if err != nil {
		return err
	}
	partial := directory + ".partial"
	if err := errors.Join(os.RemoveAll(partial), os.MkdirAll(partial, 0o750)); err != nil {
		return err
	}
	compiled := &atomic.Int64{}
	stop := every(progressEvery, func(elapsed time.Duration) {
		fmt.Fprintf(progress, "  %4.0fs: compiled %d of at most %d packages\n", elapsed.Seconds(), compiled.Load(),
			strings.Count(dependencies, "\n")+1)
	})
	defer stop()
	for _, program := range programs {
		if err := buildOne(ctx, module, filepath.Join(partial, program.name), program.pkg, version, compiled); err != nil {
			return err
		}
		fmt.Fprintf(progress, "  built %s\n", program.name)
	}
	return os.Rename(partial, directory)
}

func buildOne(ctx context.Context, module, target, pkg, version string, compiled *atomic.Int64) error {
	command := exec.CommandContext(ctx, "go", "build", "-v", "-o", target, "-ldflags", buildFlags(version), pkg)
	command.Dir = module
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-buildvcs=false")
	reader, writer := io.Pipe()
	command.Stderr = writer
	said := &bytes.Buffer{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(reader); lines.Scan(); {
			compiled.Add(1) // -v prints a line a package
			said.WriteString(lines.Text() + "\n")
		}
	}()
	err := command.Run()
	_ = writer.Close()
	<-done
	if err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, lastLines(said.String(), 20))
	}
	return nil
}

func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}

// every calls a function from time to time until it is stopped.
func every(interval time.Duration, call func(elapsed time.Duration)) (stop func()) {
	start, ticker, done := time.Now(), time.NewTicker(interval), make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				call(time.Since(start))
			case <-done:
				ticker.Stop()
				return
			}
		}
	}()
	return func() { close(done) }
}

func output(ctx context.Context, directory, name string, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, name, arguments...)
	command.Dir = directory
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false")
	said := &bytes.Buffer{}
	command.Stderr = said
	printed, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(arguments, " "), err, lastLines(said.String(), 20))
	}
	return strings.TrimSpace(string(printed)), nil
}

// lock keeps two processes from building at the same time.
func lock(path string, progress io.Writer) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the cache: %w", err)
	}
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		fmt.Fprintln(progress, "Waiting for another process that is building the control plane...")
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
			return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), file.Close())
		}
	}
	return func() { _ = file.Close() }, nil
}
