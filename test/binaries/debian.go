package binaries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// monitoringPackages are Prometheus with promtool, and Alertmanager with amtool, as the distribution has them.
var monitoringPackages = []string{"prometheus", "prometheus-alertmanager"}

// AptGet runs apt-get in a directory (empty: the current one), and once more with new package lists if that fails: they may never
// have been fetched.
func AptGet(ctx context.Context, directory string, arguments ...string) error {
	run := func(arguments ...string) error {
		command := exec.CommandContext(ctx, "apt-get", append([]string{"-o", "DPkg::Lock::Timeout=300"}, arguments...)...)
		command.Dir = directory
		command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if said, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(arguments, " "), err, lastLines(string(said), 20))
		}
		return nil
	}
	err := run(arguments...)
	if err == nil {
		return nil
	}
	if updateErr := run("update"); updateErr != nil {
		return errors.Join(err, updateErr)
	}
	return run(arguments...)
}

// Monitoring returns the directory that holds prometheus, promtool, prometheus-alertmanager and amtool. It takes them from
// Debian's packages, without installing those: that would start daemons.
func Monitoring(ctx context.Context, progress io.Writer) (string, error) {
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding a cache directory: %w", err)
	}
	cache := filepath.Join(user, "zen-lead", "debian-monitoring")
	if err := os.MkdirAll(filepath.Dir(cache), 0o750); err != nil {
		return "", err
	}
	unlock, err := lock(cache+".lock", progress)
	if err != nil {
		return "", err
	}
	defer unlock()
	programs := filepath.Join(cache, "usr", "bin")
	if _, err := os.Stat(cache); err == nil {
		return programs, nil
	}
	fmt.Fprintln(progress, "Fetching Debian's packages of Prometheus and Alertmanager, once...")
	partial := cache + ".partial"
	if err := errors.Join(os.RemoveAll(partial), os.MkdirAll(partial, 0o750)); err != nil {
		return "", err
	}
	if err := AptGet(ctx, partial, append([]string{"download"}, monitoringPackages...)...); err != nil {
		return "", err
	}
	archives, err := filepath.Glob(filepath.Join(partial, "*.deb"))
	if err != nil {
		return "", err
	}
	for _, archive := range archives {
		if _, err := output(ctx, partial, "dpkg", "-x", archive, partial); err != nil {
			return "", err
		}
	}
	return programs, os.Rename(partial, cache)
}
