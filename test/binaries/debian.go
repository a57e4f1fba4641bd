package binaries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// monitoringPackages are Prometheus with promtool, and Alertmanager with amtool, as the distribution has them.
var monitoringPackages = []string{"prometheus", "prometheus-alertmanager"}

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
	download := append([]string{"download"}, monitoringPackages...)
	if _, err := output(ctx, partial, "apt-get", download...); err != nil {
		if _, updateErr := output(ctx, partial, "apt-get", "update"); updateErr != nil { // the lists may never have been fetched
			return "", errors.Join(err, updateErr)
		}
		if _, err := output(ctx, partial, "apt-get", download...); err != nil {
			return "", err
		}
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
