package e2e

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What had gone on when a test failed goes into its report. The namespaces of earlier tests are being deleted by then.
var _ = AfterEach(func() {
	if CurrentSpecReport().Failed() {
		AddReportEntry("The cluster", reportAll(), ReportEntryVisibilityFailureOrVerbose)
	}
})

// reportAll tells of every namespace of the suite, and the operator's log.
func reportAll() string {
	out := &strings.Builder{}
	namespaces := &corev1.NamespaceList{}
	if err := admin.List(ctx, namespaces, suiteObjects); err != nil {
		return err.Error()
	}
	for _, namespace := range namespaces.Items {
		if namespace.DeletionTimestamp == nil {
			fmt.Fprintf(out, "\n=== %s\n", namespace.Name)
			reportPods(out, namespace.Name)
			reportSlices(out, namespace.Name)
			reportEvents(out, namespace.Name)
		}
	}
	reportLogs(out)
	return out.String()
}

func reportPods(out io.Writer, namespace string) {
	pods := &corev1.PodList{}
	if err := admin.List(ctx, pods, client.InNamespace(namespace)); err != nil {
		fmt.Fprintln(out, err)
	}
	for _, pod := range pods.Items {
		fmt.Fprintf(out, "Pod %s on %s (%s): %s, Ready %q, deleted %v\n", pod.Name, pod.Spec.NodeName, pod.Status.PodIP,
			pod.Status.Phase, readyCondition(&pod).Status, pod.DeletionTimestamp)
		for _, status := range pod.Status.ContainerStatuses {
			fmt.Fprintf(out, "  container %s: %d restarts, %+v, before: %+v\n",
				status.Name, status.RestartCount, status.State, status.LastTerminationState.Terminated)
		}
	}
}

func reportSlices(out io.Writer, namespace string) {
	list := &discoveryv1.EndpointSliceList{}
	if err := admin.List(ctx, list, client.InNamespace(namespace)); err != nil {
		fmt.Fprintln(out, err)
	}
	for _, slice := range list.Items {
		fmt.Fprintf(out, "EndpointSlice %s of %s: %v\n", slice.Name, slice.Labels[discoveryv1.LabelServiceName], slice.Annotations)
		for _, endpoint := range slice.Endpoints {
			fmt.Fprintf(out, "  %v: %s, ready %v\n", endpoint.Addresses, ptr.Deref(endpoint.TargetRef, corev1.ObjectReference{}).Name,
				ptr.Deref(endpoint.Conditions.Ready, true))
		}
	}
}

func reportEvents(out io.Writer, namespace string) {
	events := &eventsv1.EventList{}
	if err := admin.List(ctx, events, client.InNamespace(namespace)); err != nil {
		fmt.Fprintln(out, err)
	}
	slices.SortStableFunc(events.Items, func(a, b eventsv1.Event) int {
		return cmp.Compare(a.CreationTimestamp.Unix(), b.CreationTimestamp.Unix())
	})
	for _, event := range events.Items {
		fmt.Fprintf(out, "%s %s %s: %s: %s\n", event.CreationTimestamp.Format("15:04:05"), event.Regarding.Kind, event.Regarding.Name,
			event.Reason, event.Note)
	}
}

// reportLogs tells the end of the operator's log, and of what it said before it was last restarted.
func reportLogs(out io.Writer) {
	pods := &corev1.PodList{}
	if err := admin.List(ctx, pods, client.InNamespace(operatorNamespace)); err != nil {
		fmt.Fprintln(out, err)
	}
	for _, pod := range pods.Items {
		for _, previous := range []bool{true, false} {
			log, err := clients.CoreV1().Pods(operatorNamespace).GetLogs(pod.Name,
				&corev1.PodLogOptions{TailLines: ptr.To[int64](200), Previous: previous}).Do(ctx).Raw()
			if err == nil {
				fmt.Fprintf(out, "\n=== log of %s (before its restart: %t)\n%s", pod.Name, previous, log)
			} else if !previous {
				fmt.Fprintln(out, err)
			}
		}
	}
}
