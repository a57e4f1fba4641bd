package controlplane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
)

// The placeholders of config/rbac: where its roles hold.
const (
	// RoleClusterWide is needed in the cluster as a whole.
	RoleClusterWide = ""
	// RoleSystem is needed in the operator's own namespace.
	RoleSystem = "system"
	// RoleWatched is needed in each namespace that the operator watches.
	RoleWatched = "watched"
)

// OperatorRoles are the rules of config/rbac by placeholder, as they are shipped.
func OperatorRoles() (map[string][]rbacv1.PolicyRule, error) {
	_, file, _, _ := runtime.Caller(0)
	manifest, err := os.ReadFile(filepath.Join(filepath.Dir(file), "../../config/rbac/role.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the operator's roles: %w", err)
	}
	rules := map[string][]rbacv1.PolicyRule{}
	for decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096); ; {
		var role rbacv1.Role // a ClusterRole has the same fields
		if err := decoder.Decode(&role); errors.Is(err, io.EOF) {
			return rules, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading the operator's roles: %w", err)
		}
		rules[role.Namespace] = role.Rules
	}
}

// GrantOperator gives a user what config/rbac gives the operator that watches a namespace, or all of them if that is empty, and whose own namespace
// is another one.
func (c *ControlPlane) GrantOperator(ctx context.Context, user, watched, own string) error {
	roles, err := OperatorRoles()
	if err != nil {
		return err
	}
	for role, namespace := range map[string]string{RoleWatched: watched, RoleSystem: own, RoleClusterWide: ""} {
		if err := c.Grant(ctx, user, namespace, user+role, roles[role]); err != nil {
			return err
		}
	}
	return nil
}

// Grant gives a user the rules in a namespace, or everywhere if that is empty.
func (c *ControlPlane) Grant(ctx context.Context, user, namespace, name string, rules []rbacv1.PolicyRule) error {
	clients, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return err
	}
	meta := metav1.ObjectMeta{Namespace: namespace, Name: name}
	subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}}
	if namespace == "" {
		_, err = clients.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{})
		_, bindErr := clients.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: meta, Subjects: subjects,
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		}, metav1.CreateOptions{})
		return errors.Join(err, bindErr)
	}
	_, err = clients.RbacV1().Roles(namespace).Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{})
	_, bindErr := clients.RbacV1().RoleBindings(namespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: meta, Subjects: subjects,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
	}, metav1.CreateOptions{})
	return errors.Join(err, bindErr)
}
