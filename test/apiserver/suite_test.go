package apiserver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/zen-lead/zen-lead/test/controlplane"
)

// operatorUser is the user that the operator under test is; it has the rights of config/rbac and no other.
const operatorUser = "zen-lead-operator"

var (
	plane          *controlplane.ControlPlane
	admin          client.Client
	operatorConfig *rest.Config
)

func TestAPIServer(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "The contract against a real API server")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	logf.SetLogger(zap.New(zap.WriteTo(GinkgoWriter), zap.UseDevMode(true)))
	SetDefaultEventuallyTimeout(15 * time.Second)
	SetDefaultEventuallyPollingInterval(10 * time.Millisecond)
	SetDefaultConsistentlyPollingInterval(10 * time.Millisecond)

	var err error
	plane, err = controlplane.Start(ctx, os.Stderr)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(plane.Stop()).To(Succeed()) })
	admin, err = client.New(plane.Config, client.Options{})
	Expect(err).NotTo(HaveOccurred())
	operatorConfig, _, err = plane.AddUser(operatorUser, controlplane.AuditedGroup)
	Expect(err).NotTo(HaveOccurred())
	grantClusterWide(ctx)
}, NodeTimeout(20*time.Minute))

// roles are those of config/rbac, by the placeholder of their namespace.
func roles() map[string][]rbacv1.PolicyRule {
	manifest, err := os.ReadFile("../../config/rbac/role.yaml")
	Expect(err).NotTo(HaveOccurred())
	rules := map[string][]rbacv1.PolicyRule{}
	for decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096); ; {
		var role rbacv1.Role // a ClusterRole has the same fields
		err := decoder.Decode(&role)
		if errors.Is(err, io.EOF) {
			return rules
		}
		Expect(err).NotTo(HaveOccurred())
		rules[role.Namespace] = role.Rules
	}
}

func grantClusterWide(ctx context.Context) {
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: operatorUser}, Rules: roles()[""]}
	Expect(admin.Create(ctx, role)).To(Succeed())
	Expect(admin.Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: operatorUser},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   operatorSubject(),
	})).To(Succeed())
}

// grantIn gives the operator the rights of one of config/rbac's namespaced roles.
func grantIn(ctx context.Context, namespace, placeholder string) {
	name := operatorUser + "-" + placeholder
	Expect(admin.Create(ctx, &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Rules: roles()[placeholder],
	})).To(Succeed())
	Expect(admin.Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects:   operatorSubject(),
	})).To(Succeed())
}

func operatorSubject() []rbacv1.Subject {
	return []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: operatorUser}}
}
