package leaderservice_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// switchTime is when the leader of these tests was elected: with microseconds, as records are kept.
var switchTime = time.Date(2026, time.March, 1, 12, 0, 0, 123456000, time.UTC)

// trait changes a Service in the making.
type trait func(*corev1.Service)

// source is an opted-in Service with everything that must not be copied.
func source(traits ...trait) *corev1.Service {
	policy, protocolOfApp := corev1.IPFamilyPolicyRequireDualStack, "kubernetes.io/h2c"
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "prod", Name: "db", UID: "uid-db", ResourceVersion: "7", Finalizers: []string{"service.kubernetes.io/load-balancer-cleanup"},
			Labels: map[string]string{"app": "db", "release": "prometheus", "app.kubernetes.io/managed-by": "Helm"},
			Annotations: map[string]string{
				contract.AnnotationEnabled: "true", "meta.helm.sh/release-name": "db", "external-dns.alpha.kubernetes.io/hostname": "db.example",
			},
		},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeLoadBalancer, Selector: map[string]string{"app": "db"},
			ClusterIP: "10.0.0.1", ClusterIPs: []string{"10.0.0.1", "fd00::1"},
			SessionAffinity: corev1.ServiceAffinityClientIP, PublishNotReadyAddresses: true, HealthCheckNodePort: 30000,
			IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol}, IPFamilyPolicy: &policy,
			Ports: []corev1.ServicePort{
				{Name: "sql", Protocol: corev1.ProtocolTCP, Port: 5432, TargetPort: intstr.FromString("sql"), NodePort: 31432},
				{Name: "web", Protocol: corev1.ProtocolTCP, Port: 80, TargetPort: intstr.FromInt32(8080), NodePort: 31080, AppProtocol: &protocolOfApp},
			},
		},
	}
	return with(service, traits...)
}

func with(service *corev1.Service, traits ...trait) *corev1.Service {
	for _, apply := range traits {
		apply(service)
	}
	return service
}

func headless(s *corev1.Service) {
	s.Spec.Type, s.Spec.ClusterIP, s.Spec.ClusterIPs = corev1.ServiceTypeClusterIP, corev1.ClusterIPNone, []string{corev1.ClusterIPNone}
}

func families(policy corev1.IPFamilyPolicy, families ...corev1.IPFamily) trait {
	return func(s *corev1.Service) { s.Spec.IPFamilyPolicy, s.Spec.IPFamilies = &policy, families }
}

func ports(ports ...corev1.ServicePort) trait {
	return func(s *corev1.Service) { s.Spec.Ports = ports }
}

// stored is a leader Service as the API server makes it of what it is sent.
func stored(service *corev1.Service) *corev1.Service {
	service = service.DeepCopy()
	cluster := corev1.ServiceInternalTrafficPolicyCluster
	service.UID, service.ResourceVersion, service.CreationTimestamp = "uid-db-leader", "1", metav1.NewTime(switchTime)
	service.Spec.InternalTrafficPolicy = &cluster
	service.Spec.ClusterIPs = []string{"10.0.0.2", "fd00::2"}[:max(1, len(service.Spec.IPFamilies))]
	service.Spec.ClusterIP = service.Spec.ClusterIPs[0]
	return service
}

// leaderServiceOf is the source's leader Service in the API, with its status.
func leaderServiceOf(source *corev1.Service, record leaderservice.Record) *corev1.Service {
	service, _ := leaderservice.UpdatedService(stored(leaderservice.NewService(source, "db-leader")), source, record, false)
	return service
}

// owner is somebody else's owner reference, not a controller's.
func owner(name string) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: "argoproj.io/v1alpha1", Kind: "Application", Name: name, UID: types.UID("uid-" + name)}
}

// leads is the record of a Pod that leads.
func leads(name string, epoch int64) leaderservice.Record {
	return leaderservice.Record{
		LeaderName: name, LeaderUID: types.UID("uid-" + name), Epoch: epoch, LastSwitch: switchTime,
		Reason: contract.ReasonElected, Published: true,
	}
}

// lost is the record of a Pod that no longer leads.
func lost(name string, epoch int64) leaderservice.Record {
	record := leads(name, epoch)
	record.Published, record.Reason = false, contract.ReasonNotReady
	return record
}

// podTrait changes a Pod in the making.
type podTrait func(*corev1.Pod)

// pod runs on a node, has an address of each family and every port of the source.
func pod(name string, traits ...podTrait) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "prod", Name: name, UID: types.UID("uid-" + name), ResourceVersion: "3"},
		Spec: corev1.PodSpec{NodeName: "node-1", Hostname: name, Subdomain: "db", Containers: []corev1.Container{{
			Name: "db", Ports: []corev1.ContainerPort{{Name: "sql", ContainerPort: 15432, Protocol: corev1.ProtocolTCP}},
		}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
	addresses("10.1.0.5", "fd01::5")(p)
	for _, apply := range traits {
		apply(p)
	}
	return p
}

// addresses gives the Pod these addresses and no other.
func addresses(addresses ...string) podTrait {
	return func(p *corev1.Pod) {
		p.Status.PodIP, p.Status.PodIPs = "", nil
		for _, address := range addresses {
			p.Status.PodIPs = append(p.Status.PodIPs, corev1.PodIP{IP: address})
		}
		if len(addresses) > 0 {
			p.Status.PodIP = addresses[0]
		}
	}
}

func phase(phase corev1.PodPhase) podTrait { return func(p *corev1.Pod) { p.Status.Phase = phase } }

func withoutPorts(p *corev1.Pod) { p.Spec.Containers[0].Ports = nil }

var asReady = election.Conditions{Ready: true, Serving: true}

// routeTo is the route to a Pod of the source; nil for nobody.
func routeTo(leader *corev1.Pod, record leaderservice.Record) leaderservice.Route {
	s := source()
	return leaderservice.Route{
		Source: s, Service: stored(leaderservice.NewService(s, "db-leader")), Leader: leader, Conditions: asReady, Record: record,
	}
}

// sliceOf is the route's IPv4 slice in the API.
func sliceOf(route leaderservice.Route) *discoveryv1.EndpointSlice {
	slice := leaderservice.NewSlice(route, discoveryv1.AddressTypeIPv4)
	slice.UID, slice.ResourceVersion, slice.Generation = "uid-slice", "1", 1
	return slice
}

// updatedService updates and checks that the objects it was given have not changed.
func updatedService(t *testing.T, existing, source *corev1.Service, record leaderservice.Record) (*corev1.Service, bool) {
	t.Helper()
	existingBefore, sourceBefore := existing.DeepCopy(), source.DeepCopy()
	updated, differs := leaderservice.UpdatedService(existing, source, record, false)
	same(t, "the existing Service after the update", existingBefore, existing)
	same(t, "the source after the update", sourceBefore, source)
	return updated, differs
}

// updatedSlice updates and checks that the objects it was given have not changed.
func updatedSlice(t *testing.T, existing *discoveryv1.EndpointSlice, route leaderservice.Route) (*discoveryv1.EndpointSlice, bool) {
	t.Helper()
	before, sourceBefore, serviceBefore, leaderBefore := existing.DeepCopy(), route.Source.DeepCopy(), route.Service.DeepCopy(), route.Leader.DeepCopy()
	updated, differs := leaderservice.UpdatedSlice(existing, route)
	same(t, "the existing slice after the update", before, existing)
	same(t, "the source after the update", sourceBefore, route.Source)
	same(t, "the leader Service after the update", serviceBefore, route.Service)
	same(t, "the leader after the update", leaderBefore, route.Leader)
	return updated, differs
}

func same[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: -want +got\n%s", what, diff)
	}
}
