package cluster

import (
	"crypto"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/keyutil"
)

// user is one that the API server knows by a token.
type user struct {
	name  string
	group string
}

// users are the administrator, the components and the nodes' kubelets, by the name of their kubeconfig.
func users() map[string]user {
	all := map[string]user{
		administrator:             {"admin", "system:masters"},
		"kube-controller-manager": {"system:kube-controller-manager", ""},
		"kube-scheduler":          {"system:kube-scheduler", ""},
		"kube-proxy":              {"system:kube-proxy", ""},
	}
	for _, node := range nodes() {
		all[node.name] = user{"system:node:" + node.name, "system:nodes"}
	}
	return all
}

const (
	administrator = "admin"
	tokens        = "tokens.csv"
)

// makeCredentials makes certificates, tokens and kubeconfigs, once. The administrator's comes last.
func (c Cluster) makeCredentials() error {
	if exists(c.Kubeconfig()) {
		return nil
	}
	if err := os.MkdirAll(c.credentials(""), 0o700); err != nil {
		return err
	}
	authority, err := newAuthority()
	if err != nil {
		return err
	}
	if err := errors.Join(c.writeCertificates(authority), c.writeServiceAccountKey()); err != nil {
		return err
	}
	table, known := &strings.Builder{}, users()
	admin := []byte(nil)
	for name, user := range known {
		random := make([]byte, 16)
		_, _ = rand.Read(random) // never fails
		token := hex.EncodeToString(random)
		fmt.Fprintf(table, "%s,%s,%s,%q\n", token, user.name, user.name, user.group)
		kubeconfig, err := kubeconfig(user.name, token, authority.pem())
		if err != nil {
			return err
		}
		if name == administrator {
			admin = kubeconfig
		}
		if err := os.WriteFile(c.kubeconfigOf(name), kubeconfig, 0o600); err != nil {
			return err
		}
	}
	return errors.Join(
		os.WriteFile(c.credentials(tokens), []byte(table.String()), 0o600),
		os.WriteFile(c.Kubeconfig(), admin, 0o600),
	)
}

func (c Cluster) kubeconfigOf(name string) string { return c.credentials(name + ".kubeconfig") }

func server() string { return fmt.Sprintf("https://%s:%d", bridgeAddress, apiPort) }

func kubeconfig(user, token string, authority []byte) ([]byte, error) {
	const name = "zen-lead"
	return clientcmd.Write(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{name: {Server: server(), CertificateAuthorityData: authority}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{user: {Token: token}},
		Contexts:       map[string]*clientcmdapi.Context{name: {Cluster: name, AuthInfo: user}},
		CurrentContext: name,
	})
}

// writeServiceAccountKey makes the key that signs the tokens of service accounts.
func (c Cluster) writeServiceAccountKey() error {
	key, err := newKey()
	if err != nil {
		return err
	}
	return c.writeKey("service-account", key)
}

func (c Cluster) writeKey(name string, key crypto.PrivateKey) error {
	encoded, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return err
	}
	return keyutil.WriteKey(c.credentials(name+".key"), encoded)
}
