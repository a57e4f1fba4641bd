package binaries

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

// progressEvery is how often a long build says how far it is.
const progressEvery = 10 * time.Second

// Build returns the directory that holds the set's programs. It builds them unless that was done before. What it does is
// told to progress.
func (s Set) Build(ctx context.Context, progress io.Writer) (string, error) {
	cache, err := s.cacheDirectory()
	if err != nil {
		return "", err
	}
	unlock, err := lock(cache+".lock", progress)
	if err != nil {
		return "", err
	}
	defer unlock()
	if s.Check(cache) == nil {
		return cache, nil
	}
	return cache, s.build(ctx, cache, progress)
}

// Check says which of the set's programs a directory lacks.
func (s Set) Check(directory string) error {
	for _, program := range s.programs {
		if _, err := os.Stat(filepath.Join(directory, program.name)); err != nil {
			return fmt.Errorf("%s has no %s: %w", directory, program.name, err)
		}
	}
	return nil
}

// directory is that of the set's module, beside this file.
func (s Set) directory() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), s.folder)
}

// cacheDirectory is one for these versions and this compiler, outside the tree: another checkout finds it too.
func (s Set) cacheDirectory() (string, error) {
	if !filepath.IsAbs(s.directory()) {
		return "", errors.New("cannot tell where the sources are; do not build this with -trimpath")
	}
	hash := sha256.New()
	for _, file := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(s.directory(), file))
		if err != nil {
			return "", fmt.Errorf("reading the pinned versions: %w", err)
		}
		hash.Write(content)
	}
	fmt.Fprintln(hash, runtime.Version(), runtime.GOOS, runtime.GOARCH, s.tags, s.linkerFlags(), s.programs)
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding a cache directory: %w", err)
	}
	directory := filepath.Join(user, "zen-lead", s.Name+"-"+hex.EncodeToString(hash.Sum(nil))[:16])
	return directory, os.MkdirAll(filepath.Dir(directory), 0o750)
}

// build builds all programs into a directory that appears only once it is complete.
func (s Set) build(ctx context.Context, directory string, progress io.Writer) error {
	fmt.Fprintf(progress, "Building %s from Go modules, once: %s on two cores.\n", s.Title, s.Duration)
	fmt.Fprintf(progress, "  It is kept in %s.\n  Fetching modules...\n", directory)
	packages := make([]string, 0, len(s.programs))
	for _, program := range s.programs {
		packages = append(packages, program.pkg)
	}
	dependencies, err := output(ctx, s.directory(), "go", append([]string{"list", "-deps", "-tags", s.tags}, packages...)...)
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
	for _, program := range s.programs {
		if err := s.buildOne(ctx, filepath.Join(partial, program.name), program.pkg, compiled); err != nil {
			return err
		}
		fmt.Fprintf(progress, "  built %s\n", program.name)
	}
	return os.Rename(partial, directory)
}

func (s Set) buildOne(ctx context.Context, target, pkg string, compiled *atomic.Int64) error {
	command := exec.CommandContext(ctx, "go", "build", "-v", "-o", target, "-tags", s.tags, "-ldflags", s.linkerFlags(), pkg)
	command.Dir = s.directory()
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
		_, _ = io.Copy(io.Discard, reader) // of a line that is too long
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
		fmt.Fprintln(progress, "Waiting for another process that is building...")
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
			return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), file.Close())
		}
	}
	return func() { _ = file.Close() }, nil
}
