package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"

	"k8s.io/client-go/util/cert"
)

// Certificates, by the names of their files.
const (
	authorityName     = "ca"
	serverName        = "kube-apiserver"
	kubeletClientName = "kube-apiserver-kubelet-client"
)

// authority signs the cluster's certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func newAuthority() (authority, error) {
	key, err := newKey()
	if err != nil {
		return authority{}, err
	}
	certificate, err := cert.NewSelfSignedCACert(cert.Config{CommonName: "zen-lead test cluster"}, key)
	return authority{certificate, key}, err
}

func (a authority) pem() []byte { return encode(a.certificate.Raw) }

func encode(certificate []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: cert.CertificateBlockType, Bytes: certificate})
}

// writeCertificates writes those of the authority, of kube-apiserver, and of kube-apiserver as a client of kubelets.
func (c Cluster) writeCertificates(authority authority) error {
	return errors.Join(
		cert.WriteCert(c.credentials(authorityName+".crt"), authority.pem()),
		c.writeCertificate(authority, serverName, &x509.Certificate{
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			IPAddresses: []net.IP{net.ParseIP(bridgeAddress), net.ParseIP(apiService)},
			DNSNames:    []string{"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + clusterDomain},
		}),
		c.writeCertificate(authority, kubeletClientName, &x509.Certificate{
			Subject:     pkix.Name{Organization: []string{"system:masters"}},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}),
	)
}

func (c Cluster) writeCertificate(authority authority, name string, template *x509.Certificate) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.Subject.CommonName = name
	template.NotBefore, template.NotAfter = authority.certificate.NotBefore, authority.certificate.NotAfter
	template.KeyUsage = x509.KeyUsageDigitalSignature
	signed, err := x509.CreateCertificate(rand.Reader, template, authority.certificate, key.Public(), authority.key)
	if err != nil {
		return fmt.Errorf("signing the certificate %s: %w", name, err)
	}
	return errors.Join(cert.WriteCert(c.credentials(name+".crt"), encode(signed)), c.writeKey(name, key))
}
