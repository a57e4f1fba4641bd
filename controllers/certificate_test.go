package controllers

import (
	"context"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	certutil "k8s.io/client-go/util/cert"
	"k8s.io/utils/clock"
	testingclock "k8s.io/utils/clock/testing"
)

// serial is what tells one certificate from another.
func serial(t *testing.T, c *servingCertificate) string {
	t.Helper()
	certificate, err := c.get(nil)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return leaf.SerialNumber.String()
}

func TestACertificateOfOurOwnIsReplacedInTime(t *testing.T) {
	now := testingclock.NewFakePassiveClock(time.Now())
	var ends time.Time
	certificate, err := newServingCertificate("", now, func(at time.Time) { ends = at })
	if err != nil {
		t.Fatal(err)
	}
	first := serial(t, certificate)
	firstEnds := ends
	now.SetTime(firstEnds.Add(-selfSignedRenewal - time.Minute))
	if serial(t, certificate) != first {
		t.Error("replaced too early")
	}
	now.SetTime(firstEnds.Add(-selfSignedRenewal))
	if serial(t, certificate) == first || !ends.After(firstEnds) {
		t.Errorf("not replaced; ends %v, before %v", ends, firstEnds)
	}
}

// writeCertificate puts a new certificate of that lifetime into a folder.
func writeCertificate(t *testing.T, directory string, lifetime time.Duration) {
	t.Helper()
	certificate, key, err := certutil.GenerateSelfSignedCertKeyWithOptions(certutil.SelfSignedCertKeyOptions{Host: "localhost", MaxAge: lifetime})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"tls.crt": certificate, "tls.key": key} {
		if err := os.WriteFile(filepath.Join(directory, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestACertificateThatIsReplacedInItsFolderIsReloaded(t *testing.T) {
	directory := t.TempDir()
	writeCertificate(t, directory, time.Hour)
	expiries := make(chan time.Time, 10)
	certificate, err := newServingCertificate(directory, clock.RealClock{}, func(at time.Time) { expiries <- at })
	if err != nil {
		t.Fatal(err)
	}
	first, firstEnds := serial(t, certificate), <-expiries
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = certificate.watcher.Start(ctx) }()
	writeCertificate(t, directory, 48*time.Hour)
	select {
	case ends := <-expiries:
		if !ends.After(firstEnds) || serial(t, certificate) == first {
			t.Errorf("ends %v, before %v", ends, firstEnds)
		}
	case <-time.After(time.Minute):
		t.Error("not reloaded")
	}
}

func TestAFolderWithoutACertificateIsAnError(t *testing.T) {
	if _, err := newServingCertificate(t.TempDir(), clock.RealClock{}, func(time.Time) {}); err == nil {
		t.Error("no error")
	}
}
