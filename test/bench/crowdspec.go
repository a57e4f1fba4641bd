package bench

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

const (
	crowdImage   = "registry.example.com/checkout/payments-api:2024.11.3"
	sidecarImage = "registry.example.com/platform/log-shipper:1.27.4"
	// tokenVolume is what admission adds to every Pod.
	tokenVolume = "kube-api-access-x7k2p"
)

func crowdSpec(node string) corev1.PodSpec {
	return corev1.PodSpec{
		NodeName: node, ServiceAccountName: crowdWorkload, TerminationGracePeriodSeconds: ptr.To[int64](45),
		Containers: []corev1.Container{crowdServer(), crowdSidecar()},
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: ptr.To(true), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Tolerations: []corev1.Toleration{toleration("node.kubernetes.io/not-ready"), toleration("node.kubernetes.io/unreachable")},
		Volumes:     crowdVolumes(),
	}
}

func toleration(key string) corev1.Toleration {
	return corev1.Toleration{
		Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: ptr.To[int64](300),
	}
}

func crowdServer() corev1.Container {
	return corev1.Container{
		Name: "server", Image: crowdImage, Args: []string{"--config=/etc/server/config.yaml", "--log-format=json"},
		Ports: []corev1.ContainerPort{{Name: portName, ContainerPort: 8080}, {Name: "metrics", ContainerPort: 9090}},
		Env:   crowdEnvironment(),
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("250m"), corev1.ResourceMemory: resource.MustParse("512Mi")},
			Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")},
		},
		VolumeMounts: []corev1.VolumeMount{
			{Name: "config", MountPath: "/etc/server", ReadOnly: true}, {Name: "tmp", MountPath: "/tmp"}, tokenMount(),
		},
		LivenessProbe: crowdProbe("/healthz", 3), ReadinessProbe: crowdProbe("/ready", 1),
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
}

func crowdSidecar() corev1.Container {
	return corev1.Container{
		Name: "log-shipper", Image: sidecarImage,
		Ports: []corev1.ContainerPort{{Name: "shipper", ContainerPort: 2020}},
		Env:   []corev1.EnvVar{fieldVariable("POD_NAME", "metadata.name")},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("20m"), corev1.ResourceMemory: resource.MustParse("64Mi")},
		},
		VolumeMounts: []corev1.VolumeMount{{Name: "tmp", MountPath: "/tmp"}, tokenMount()},
	}
}

func tokenMount() corev1.VolumeMount {
	return corev1.VolumeMount{Name: tokenVolume, MountPath: "/var/run/secrets/kubernetes.io/serviceaccount", ReadOnly: true}
}

func crowdProbe(path string, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:        corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromString(portName)}},
		InitialDelaySeconds: 5, PeriodSeconds: 10, TimeoutSeconds: 2, FailureThreshold: failures,
	}
}

func crowdEnvironment() []corev1.EnvVar {
	return []corev1.EnvVar{
		fieldVariable("POD_NAME", "metadata.name"),
		{Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Value: "http://otel-collector.observability.svc:4317"},
		{Name: "DATABASE_HOST", Value: "payments-primary.databases.svc.cluster.local"},
		{Name: "DATABASE_PASSWORD", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: "payments-api-database"}, Key: "password",
		}}},
		{Name: "GOMEMLIMIT", Value: "900MiB"},
	}
}

func fieldVariable(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
}

func crowdVolumes() []corev1.Volume {
	return []corev1.Volume{
		{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "payments-api-config"},
		}}},
		{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		{Name: tokenVolume, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: []corev1.VolumeProjection{
				{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{ExpirationSeconds: ptr.To[int64](3607), Path: "token"}},
				{ConfigMap: &corev1.ConfigMapProjection{
					LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"}, Items: []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}},
				}},
			},
		}}},
	}
}

// crowdStatus is what a kubelet writes.
func crowdStatus(address string, started time.Time) corev1.PodStatus {
	status := runningStatus(address, started)
	status.HostIP, status.HostIPs, status.QOSClass = "192.168.7.21", []corev1.HostIP{{IP: "192.168.7.21"}}, corev1.PodQOSBurstable
	status.Conditions = append(status.Conditions, corev1.PodCondition{
		Type: "PodReadyToStartContainers", Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(started),
	})
	for i, image := range []string{crowdImage, sidecarImage} {
		name, _, _ := strings.Cut(image, ":")
		status.ContainerStatuses = append(status.ContainerStatuses, corev1.ContainerStatus{
			Name: []string{"server", "log-shipper"}[i], Image: image, Ready: true, Started: ptr.To(true),
			ImageID:     fmt.Sprintf("%s@sha256:%064x", name, i+1),
			ContainerID: fmt.Sprintf("containerd://%064x", started.UnixNano()+int64(i)),
			State:       corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(started)}},
		})
	}
	return status
}
