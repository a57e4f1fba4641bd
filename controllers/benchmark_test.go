package controllers

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta/testrestmapper"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
	"github.com/zen-lead/zen-lead/controllers/metrics"
)

// These benchmarks run what lies between a Pod's event and the write of the slice, in a namespace of 5,000 Services with two
// Pods each, on caches that are filled from memory.

const benchmarkServices = 5000

// listed is a source that has no streaming of lists.
type listed struct{ toolscache.ListWatch }

// IsWatchListSemanticsUnSupported makes the reflector list.
func (*listed) IsWatchListSemanticsUnSupported() bool { return true }

// filledCache is a cache like the operator's that has been filled with lists, by Go type.
func filledCache(b *testing.B, options cache.Options, lists map[string]runtime.Object) cache.Cache {
	b.Helper()
	options.Scheme, options.Mapper = scheme(), testrestmapper.TestOnlyStaticRESTMapper(scheme())
	options.HTTPClient = http.DefaultClient
	options.NewInformer = func(_ toolscache.ListerWatcher, object runtime.Object, resync time.Duration,
		indexers toolscache.Indexers) toolscache.SharedIndexInformer {
		return toolscache.NewSharedIndexInformer(&listed{toolscache.ListWatch{
			ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
				return lists[fmt.Sprintf("%T", object)], nil
			},
			WatchFuncWithContext: func(context.Context, metav1.ListOptions) (apiwatch.Interface, error) { return apiwatch.NewFake(), nil },
		}}, object, resync, indexers)
	}
	filled, err := cache.New(&rest.Config{}, options)
	if err != nil {
		b.Fatal(err)
	}
	return filled
}

// benchmarkPod is a Pod as a Deployment makes it, with the eight labels that charts put on it.
func benchmarkPod(app string, number int) corev1.Pod {
	yes := true
	name := fmt.Sprintf("%s-6d5f8c7b9-%d", app, number)
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "team", Name: name, UID: types.UID("uid-" + name), ResourceVersion: "1",
			Labels: map[string]string{
				"app.kubernetes.io/name": app, "app.kubernetes.io/instance": app + "-prod", "app.kubernetes.io/version": "1.2.3",
				"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/part-of": "shop", "team": "blue", "tier": "backend",
				"pod-template-hash": "6d5f8c7b9",
			},
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", UID: types.UID("uid-" + app), Controller: &yes}},
		},
		Spec: corev1.PodSpec{NodeName: "node-1", Containers: []corev1.Container{{
			Name: "app", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}},
		}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: "10.0.0.1", PodIPs: []corev1.PodIP{{IP: "10.0.0.1"}},
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	}
}

func benchmarkService(app string) corev1.Service {
	return corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "team", Name: app, UID: types.UID("uid-" + app), ResourceVersion: "1",
			Annotations: map[string]string{contract.AnnotationEnabled: "true"},
		},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, ClusterIP: "10.96.0.1", IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol},
			Selector: map[string]string{"app.kubernetes.io/name": app, "app.kubernetes.io/instance": app + "-prod"},
			Ports:    []corev1.ServicePort{{Name: "http", Protocol: corev1.ProtocolTCP, Port: 80, TargetPort: intstr.FromString("http")}},
		},
	}
}

// benchmarkLists are Services, Pods, leader Services and their slices, of which the first Pod leads.
func benchmarkLists() map[string]runtime.Object {
	services, pods, slices := &corev1.ServiceList{}, &corev1.PodList{}, &discoveryv1.EndpointSliceList{}
	for number := range benchmarkServices {
		app := fmt.Sprintf("app-%d", number)
		source := benchmarkService(app)
		first, second := benchmarkPod(app, 0), benchmarkPod(app, 1)
		record := leaderservice.Record{
			LeaderName: first.Name, LeaderUID: first.UID, Epoch: 1, LastSwitch: time.Unix(1, 0), Reason: contract.ReasonElected, Published: true,
		}
		leader, _ := leaderservice.UpdatedService(leaderservice.NewService(&source, app+"-leader"), &source, record, false)
		leader.UID, leader.ResourceVersion = types.UID("uid-"+leader.Name), "1"
		route := leaderservice.Route{Source: &source, Service: leader, Leader: &first, Record: record}
		route.Conditions.Ready, route.Conditions.Serving = true, true
		slice := leaderservice.NewSlice(route, discoveryv1.AddressTypeIPv4)
		slice.UID, slice.ResourceVersion = types.UID("uid-"+slice.Name), "1"
		services.Items = append(services.Items, source, *leader)
		pods.Items = append(pods.Items, first, second)
		slices.Items = append(slices.Items, *slice)
	}
	return map[string]runtime.Object{
		"*v1.Service": services, "*v1.Pod": pods, "*v1.EndpointSlice": slices, "*v1.Lease": &coordinationv1.LeaseList{},
		"*v1.PartialObjectMetadata": &metav1.PartialObjectMetadataList{},
	}
}

// benchmarkReconciler is a reconciler whose caches are filled.
func benchmarkReconciler(b *testing.B) *Reconciler {
	b.Helper()
	ctx, lists := b.Context(), benchmarkLists()
	objects := filledCache(b, cacheOptions(nil), lists)
	noCopy := true
	foreign := filledCache(b, cache.Options{DefaultUnsafeDisableDeepCopy: &noCopy}, lists)
	if err := addIndexes(ctx, objects, foreign); err != nil {
		b.Fatal(err)
	}
	if _, err := objects.GetInformer(ctx, &coordinationv1.Lease{}, cache.BlockUntilSynced(false)); err != nil {
		b.Fatal(err)
	}
	for _, filled := range []cache.Cache{objects, foreign} {
		go filled.Start(ctx) //nolint:errcheck // ends with the benchmark
		if !filled.WaitForCacheSync(ctx) {
			b.Fatal("the cache is not filled")
		}
	}
	elected := make(chan struct{})
	close(elected)
	return &Reconciler{
		cache: objects, foreignSlices: foreign, clock: clock.RealClock{}, metrics: metrics.New(time.Now), elected: elected,
		writes: newOwnWrites(), counts: newCounts(), triggers: newTriggerTimes(),
	}
}

func BenchmarkFromAPodToItsServices(b *testing.B) {
	r := benchmarkReconciler(b)
	pod := benchmarkPod("app-77", 0)
	b.ReportAllocs()
	for b.Loop() {
		if len(r.sourcesOfPod(b.Context(), &pod)) != 1 {
			b.Fatal("not found")
		}
	}
}

func BenchmarkFromAServiceToItsDecision(b *testing.B) {
	r := benchmarkReconciler(b)
	key := types.NamespacedName{Namespace: "team", Name: "app-77"}
	b.ReportAllocs()
	for b.Loop() {
		seen, err := r.observe(b.Context(), key)
		if err != nil {
			b.Fatal(err)
		}
		service, set, err := r.ensureService(b.Context(), seen)
		if err != nil {
			b.Fatal(err)
		}
		pass, err := r.elect(b.Context(), seen, service, set)
		if err != nil || pass.leader == nil {
			b.Fatal(err, pass)
		}
	}
}

func BenchmarkStrippingAPod(b *testing.B) {
	stripper := newPodStripper()
	pod := benchmarkPod("app", 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := stripper.strip(&pod); err != nil {
			b.Fatal(err)
		}
	}
}
