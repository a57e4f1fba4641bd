package controllers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	certutil "k8s.io/client-go/util/cert"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

const (
	// selfSignedLifetime is how long a certificate of our own is valid.
	selfSignedLifetime = 365 * 24 * time.Hour
	// selfSignedRenewal is how long before its end it is replaced: well before the alert ZenLeadCertificateNearExpiry.
	selfSignedRenewal = 90 * 24 * time.Hour
	// selfSignedLook is how often that is looked after: a scraper may keep a connection for a year, and nobody ask for another one.
	selfSignedLook = 12 * time.Hour
)

// servingCertificate is the certificate that the metrics are served with.
type servingCertificate struct {
	get func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// watcher reloads it when its files change; nil if it is our own.
	watcher manager.Runnable
}

// newServingCertificate takes the certificate from a folder, or has one made if that is empty: not before it is reloaded or asked for,
// because that takes time which a start has not. expires is called with the end of each certificate that comes into use.
func newServingCertificate(directory string, now clock.PassiveClock, expires func(time.Time)) (*servingCertificate, error) {
	if directory == "" {
		own := &selfSigned{clock: now, expires: expires}
		return &servingCertificate{get: own.get}, nil
	}
	watcher, err := certwatcher.New(filepath.Join(directory, "tls.crt"), filepath.Join(directory, "tls.key"))
	if err != nil {
		return nil, fmt.Errorf("reading the certificate for the metrics: %w", err)
	}
	watcher.RegisterCallback(func(certificate tls.Certificate) {
		if leaf, err := x509.ParseCertificate(certificate.Certificate[0]); err == nil { // it has been parsed before
			expires(leaf.NotAfter)
		}
	})
	return &servingCertificate{get: watcher.GetCertificate, watcher: watcher}, nil
}

// cipherSuites are those of TLS 1.2 that authenticate what they encrypt and give away nothing of the past with the certificate's key. TLS 1.3 has no others.
// Source: RFC 9325, section 4.2.
var cipherSuites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// configure has a TLS server use the certificate. HTTP/2 would gain nothing for a scrape each half minute, and has let clients that are not known
// yet exhaust servers: CVE-2023-44487, CVE-2023-39325.
func (c *servingCertificate) configure(config *tls.Config) {
	config.GetCertificate = c.get
	config.MinVersion = tls.VersionTLS12
	config.CipherSuites = cipherSuites
	config.NextProtos = []string{"http/1.1"}
}

// reload keeps up with the certificate's files, or with the age of our own, until the context ends. There may be no certificate.
func (c *servingCertificate) reload(ctx context.Context) error {
	if c == nil {
		return nil
	}
	if c.watcher != nil {
		return c.watcher.Start(ctx)
	}
	ticker := time.NewTicker(selfSignedLook)
	defer ticker.Stop()
	for {
		if _, err := c.get(nil); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// selfSigned makes certificates in memory, a new one in time before one ends.
type selfSigned struct {
	clock   clock.PassiveClock
	expires func(time.Time)

	mutex   sync.Mutex
	current *tls.Certificate
	ends    time.Time
}

func (s *selfSigned) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.current != nil && s.clock.Now().Before(s.ends.Add(-selfSignedRenewal)) {
		return s.current, nil
	}
	certificate, key, err := certutil.GenerateSelfSignedCertKeyWithOptions(certutil.SelfSignedCertKeyOptions{
		Host: "localhost", MaxAge: selfSignedLifetime,
	})
	if err != nil {
		return nil, fmt.Errorf("making a certificate for the metrics: %w", err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("making a certificate for the metrics: %w", err)
	}
	s.current, s.ends = &pair, s.clock.Now().Add(selfSignedLifetime)
	s.expires(s.ends)
	return s.current, nil
}
