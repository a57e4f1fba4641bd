package e2e

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// Ports of test/traffic/app.
const (
	trafficPort = 8080 // TCP and UDP
	controlPort = 8081 // HTTP
)

// serviceBuilder makes a Service: by default one of type ClusterIP, opted in, that selects app=<name> and has port 80 to
// the application.
type serviceBuilder struct {
	w       *world
	service *corev1.Service
}

func (w *world) aService(name string) *serviceBuilder {
	return &serviceBuilder{w, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.namespace, Name: name, Annotations: map[string]string{contract.AnnotationEnabled: "true"},
		},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": name},
			Ports:    []corev1.ServicePort{{Name: "tcp", Port: 80, TargetPort: intstr.FromString("tcp")}},
		},
	}}
}

func (b *serviceBuilder) headless() *serviceBuilder {
	b.service.Spec.ClusterIP = corev1.ClusterIPNone
	return b
}

func (b *serviceBuilder) udpToo() *serviceBuilder {
	b.service.Spec.Ports = append(b.service.Spec.Ports, corev1.ServicePort{
		Name: "udp", Port: 80, Protocol: corev1.ProtocolUDP, TargetPort: intstr.FromString("udp"),
	})
	return b
}

func (b *serviceBuilder) create() {
	GinkgoHelper()
	Expect(admin.Create(ctx, b.service)).To(Succeed())
}

// deploy runs the application as a Deployment.
func (w *world) deploy(name string, replicas int32) {
	GinkgoHelper()
	labels := map[string]string{"app": name}
	container := trafficContainer("serve", "--shutdown-delay=3s")
	container.Ports = []corev1.ContainerPort{
		{Name: "tcp", ContainerPort: trafficPort},
		{Name: "udp", ContainerPort: trafficPort, Protocol: corev1.ProtocolUDP},
		{Name: "control", ContainerPort: controlPort},
	}
	container.ReadinessProbe = &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromString("control")}},
		PeriodSeconds: 1, FailureThreshold: 1,
	}
	Expect(admin.Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: restrictedPod(container)},
		},
	})).To(Succeed())
}

// trafficContainer runs test/traffic/app.
func trafficContainer(arguments ...string) corev1.Container {
	return corev1.Container{
		Name: "traffic", Image: variable("APP_IMAGE", "traffic:dev"), ImagePullPolicy: corev1.PullIfNotPresent, Args: arguments,
		Env: []corev1.EnvVar{fromField("POD_NAME", "metadata.name"), fromField("POD_NAMESPACE", "metadata.namespace")},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: ptr.To(false),
			ReadOnlyRootFilesystem:   ptr.To(true),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
}

func fromField(variable, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: variable, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
}

// restrictedPod meets the restricted Pod security standard.
func restrictedPod(container corev1.Container) corev1.PodSpec {
	return corev1.PodSpec{
		Containers:                    []corev1.Container{container},
		AutomountServiceAccountToken:  ptr.To(false),
		TerminationGracePeriodSeconds: ptr.To[int64](10),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot:   ptr.To(true),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
}
