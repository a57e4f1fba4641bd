package main

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

const (
	namespace     = "default"
	app           = "my-app"
	leaderService = app + contract.DefaultLeaderServiceSuffix
	replicas      = 3
	longest       = 60 * time.Second
)

// createApplication creates a Deployment and its Service. With maxUnavailable 0 a new Pod is Ready before an old one goes.
func createApplication(ctx context.Context, clients kubernetes.Interface) error {
	count, none, one := int32(replicas), intstr.FromInt32(0), intstr.FromInt32(1)
	labels := map[string]string{"app": app}
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: app},
		Spec: appsv1.DeploymentSpec{
			Replicas: &count,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Strategy: appsv1.DeploymentStrategy{RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: &none, MaxSurge: &one}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{
					Name: "app", Image: "my-app:1", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
				}}},
			},
		},
	}
	if _, err := clients.AppsV1().Deployments(namespace).Create(ctx, deployment, metav1.CreateOptions{}); err != nil {
		return err
	}
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: app},
		Spec: corev1.ServiceSpec{
			Selector: labels,
			Ports:    []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("http")}},
		},
	}
	_, err := clients.CoreV1().Services(namespace).Create(ctx, service, metav1.CreateOptions{})
	return err
}

// annotate sets an annotation of the application's Service; an empty value removes it.
func annotate(ctx context.Context, clients kubernetes.Interface, key, value string) error {
	quoted := "null"
	if value != "" {
		quoted = fmt.Sprintf("%q", value)
	}
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%s}}}`, key, quoted)
	_, err := clients.CoreV1().Services(namespace).Patch(ctx, app, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	return err
}

// setReady sets a Pod's Ready condition, as its kubelet would.
func setReady(ctx context.Context, clients kubernetes.Interface, pod string, ready corev1.ConditionStatus) error {
	patch := fmt.Sprintf(`{"status":{"conditions":[{"type":"Ready","status":%q,"lastTransitionTime":%q}]}}`,
		ready, time.Now().UTC().Format(time.RFC3339))
	_, err := clients.CoreV1().Pods(namespace).Patch(ctx, pod, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
	return err
}

// readyPods waits until exactly the Deployment's Pods are there, all Ready and of that image.
func readyPods(ctx context.Context, clients kubernetes.Interface, image string) ([]corev1.Pod, error) {
	var ready []corev1.Pod
	err := poll(ctx, "all Pods are Ready", func(ctx context.Context) (bool, error) {
		pods, err := clients.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
		if err != nil {
			return false, err
		}
		ready = ready[:0]
		for _, pod := range pods.Items {
			for _, condition := range pod.Status.Conditions {
				if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue &&
					pod.DeletionTimestamp == nil && pod.Spec.Containers[0].Image == image {
					ready = append(ready, pod)
				}
			}
		}
		return len(ready) == replicas && len(pods.Items) == replicas, nil
	})
	return ready, err
}

// status waits until the leader Service tells of this leader, and returns it.
func status(ctx context.Context, clients kubernetes.Interface, leader string) (*corev1.Service, error) {
	var service *corev1.Service
	err := poll(ctx, leaderService+" tells of its leader", func(ctx context.Context) (done bool, err error) {
		service, err = clients.CoreV1().Services(namespace).Get(ctx, leaderService, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return err == nil && service.Annotations[contract.AnnotationLeaderPodName] == leader, err
	})
	return service, err
}

// event waits for an Event of a reason on the application's Service and returns its note.
func event(ctx context.Context, clients kubernetes.Interface, reason string) (string, error) {
	note := ""
	err := poll(ctx, "there is an Event "+reason, func(ctx context.Context) (bool, error) {
		events, err := clients.EventsV1().Events(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		for _, event := range events.Items {
			if event.Reason == reason && event.Regarding.Kind == "Service" && event.Regarding.Name == app {
				note = event.Note
			}
		}
		return note != "", nil
	})
	return note, err
}

func poll(ctx context.Context, what string, condition wait.ConditionWithContextFunc) error {
	if err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, longest, true, condition); err != nil {
		return fmt.Errorf("waiting until %s: %w", what, err)
	}
	return nil
}
