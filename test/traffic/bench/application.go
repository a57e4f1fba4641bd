package bench

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/traffic/results"
)

// Ports of the traffic program and of the Services in front of it.
const (
	servicePort = 80
	trafficPort = 8080
	controlPort = 8081
)

const (
	// replicas is how many Pods the application has.
	replicas = 3
	// electedLabel is on the Pod that the application itself has elected.
	electedLabel = "elected"
	appLabel     = "app"
	account      = "application"
	clientName   = "client"
)

// application is a workload and the three ways to its leader.
type application struct {
	name     string
	stateful bool
}

// leaderService is Zen-Lead's.
func (a application) leaderService() string { return a.name + contract.DefaultLeaderServiceSuffix }

// labelService selects the label that the application patches.
func (a application) labelService() string { return a.name + "-elected" }

// services are the ways to the application.
func (a application) services() map[string]string {
	return map[string]string{results.WayLeader: a.leaderService(), results.WayPlain: a.name, results.WayLabel: a.labelService()}
}

// lease is the one that the application elects its leader with.
func (a application) lease() string { return a.name }

func (a application) labels() map[string]string { return map[string]string{appLabel: a.name} }

// objects are all objects of the application. It stays off the node that clients are on.
func (a application) objects(namespace, image, clientNode string) []client.Object {
	meta := metav1.ObjectMeta{Namespace: namespace, Name: a.name}
	enabled := metav1.ObjectMeta{Namespace: namespace, Name: a.name, Annotations: map[string]string{contract.AnnotationEnabled: "true"}}
	elected := a.labels()
	elected[electedLabel] = "true"
	objects := []client.Object{
		&corev1.Service{ObjectMeta: enabled, Spec: a.service(a.labels())},
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: a.labelService()}, Spec: a.service(elected)},
	}
	template := a.template(image, clientNode)
	selector := &metav1.LabelSelector{MatchLabels: a.labels()}
	if a.stateful {
		return append(objects, &appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{
			Replicas: ptr.To[int32](replicas), Selector: selector, Template: template, ServiceName: a.name,
		}})
	}
	return append(objects, &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{
		Replicas: ptr.To[int32](replicas), Selector: selector, Template: template,
	}})
}

func (a application) service(selector map[string]string) corev1.ServiceSpec {
	target := intstr.FromInt32(trafficPort)
	return corev1.ServiceSpec{Selector: selector, Ports: []corev1.ServicePort{
		{Name: "tcp", Port: servicePort, TargetPort: target, Protocol: corev1.ProtocolTCP},
		{Name: "udp", Port: servicePort, TargetPort: target, Protocol: corev1.ProtocolUDP},
	}}
}

func (a application) template(image, clientNode string) corev1.PodTemplateSpec {
	container := trafficContainer(image, "serve", "--election-lease="+a.lease(), "--election-label="+electedLabel)
	container.ReadinessProbe = &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromInt32(controlPort)}},
		PeriodSeconds: 1, FailureThreshold: 1,
	}
	spec := corev1.PodSpec{
		ServiceAccountName: account, Containers: []corev1.Container{container}, SecurityContext: restrictedPod(),
		TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.ScheduleAnyway,
			LabelSelector: &metav1.LabelSelector{MatchLabels: a.labels()},
		}},
	}
	if clientNode != "" {
		spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpNotIn, Values: []string{clientNode},
				}},
			}}},
		}}
	}
	return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: a.labels()}, Spec: spec}
}

// clientObjects are a client on each node.
func clientObjects(namespace, image string) []client.Object {
	labels := map[string]string{appLabel: clientName}
	return []client.Object{&appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: clientName},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{
				Containers: []corev1.Container{trafficContainer(image, "drive")}, SecurityContext: restrictedPod(),
				AutomountServiceAccountToken: ptr.To(false), TerminationGracePeriodSeconds: ptr.To[int64](1),
			}},
		},
	}}
}

// electionObjects let the application elect a leader and label its Pods.
func electionObjects(namespace string) []client.Object {
	meta := metav1.ObjectMeta{Namespace: namespace, Name: account}
	return []client.Object{
		&corev1.ServiceAccount{ObjectMeta: meta},
		&rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "patch"}},
			{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "create", "update"}},
		}},
		&rbacv1.RoleBinding{
			ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: account},
			Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: account}},
		},
	}
}

func trafficContainer(image string, arguments ...string) corev1.Container {
	field := func(name, path string) corev1.EnvVar {
		return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
	}
	return corev1.Container{
		Name: "traffic", Image: image, ImagePullPolicy: corev1.PullIfNotPresent, Args: arguments,
		Env: []corev1.EnvVar{field("POD_NAME", "metadata.name"), field("POD_NAMESPACE", "metadata.namespace")},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
}

func restrictedPod() *corev1.PodSecurityContext {
	return &corev1.PodSecurityContext{
		RunAsNonRoot: ptr.To(true), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}
