package leaderservice_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// What the API server accepts of users, and what it does not check at all.
var (
	serviceNames = rapid.StringMatching(`[a-z]([-a-z0-9]{0,61}[a-z0-9])?`)
	podNames     = rapid.OneOf(rapid.StringMatching(`[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?`), rapid.Just(strings.Repeat("p", 253)))
	portNumbers  = rapid.Int32Range(1, math.MaxUint16)
	portNames    = rapid.StringMatching(`[a-z][a-z0-9]{0,14}`)
	hostileText  = rapid.OneOf(rapid.String(), podNames, rapid.SampledFrom([]string{
		"", "\n", "a\nb", "\x1b[31mred", "\x00", `"`, "\xff\xfe", "9223372036854775807", "-1", "2026-01-01T00:00:00Z", string(contract.ReasonNotReady),
		strings.Repeat("x", 300), strings.Repeat("\n", 100<<10), strings.Repeat("y", 200<<10),
	}))
	podAddresses = rapid.OneOf(hostileText, rapid.SampledFrom([]string{
		"10.1.2.3", "fd00::1", "::ffff:10.1.2.3", "fe80::1%eth0", "127.0.0.1", "::1", "0.0.0.0", "169.254.0.1", "224.0.0.1", "010.1.2.3", "10.1.2.3/8",
	}))
	familyChoices = rapid.SampledFrom([][]corev1.IPFamily{
		nil, {corev1.IPv4Protocol}, {corev1.IPv6Protocol}, {corev1.IPv4Protocol, corev1.IPv6Protocol}, {corev1.IPv6Protocol, corev1.IPv4Protocol},
	})
	digests = rapid.OneOf(hostileText, rapid.StringMatching(`v[0-9]-[0-9a-f]{16}(-[0-9a-f]{16})?`))
)

// anySource is a Service that the API server accepts.
func anySource(t *rapid.T) *corev1.Service {
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{
		Namespace: "prod", Name: serviceNames.Draw(t, "source"), UID: "uid-source",
		Labels: map[string]string{"app": "db"}, Annotations: rapid.MapOf(hostileText, hostileText).Draw(t, "annotations"),
	}}
	service.Spec.Type = rapid.SampledFrom([]corev1.ServiceType{"", corev1.ServiceTypeClusterIP, corev1.ServiceTypeLoadBalancer}).Draw(t, "type")
	service.Spec.IPFamilies = familyChoices.Draw(t, "families")
	for range rapid.SampledFrom([]int{0, 1, 2, 100}).Draw(t, "ports") {
		port := corev1.ServicePort{
			Name: portNames.Draw(t, "port name"), Port: portNumbers.Draw(t, "port"), Protocol: corev1.ProtocolTCP,
			TargetPort: intstr.FromInt32(portNumbers.Draw(t, "target")),
		}
		if rapid.Bool().Draw(t, "named") {
			port.TargetPort = intstr.FromString(portNames.Draw(t, "target name"))
		}
		service.Spec.Ports = append(service.Spec.Ports, port)
	}
	return service
}

// anyPod is a Pod that the API server accepts, with addresses that it may not have looked at.
func anyPod(t *rapid.T) *corev1.Pod {
	name := podNames.Draw(t, "pod")
	p := pod(name, addresses(rapid.SliceOfN(podAddresses, 0, 3).Draw(t, "addresses")...))
	p.UID, p.Spec.NodeName = types.UID("0f0f1d3e-52a9-4b6e-9e7a-0c4a4e2d0b11"), rapid.OneOf(rapid.Just(""), podNames).Draw(t, "node")
	for range rapid.IntRange(0, 3).Draw(t, "container ports") {
		p.Spec.Containers[0].Ports = append(p.Spec.Containers[0].Ports,
			corev1.ContainerPort{Name: portNames.Draw(t, "name"), ContainerPort: portNumbers.Draw(t, "number"), Protocol: corev1.ProtocolTCP})
	}
	return p
}

// tamper puts anything under our keys, and fills the object with annotations of others, up to all that the API allows.
func tamper(t *rapid.T, object metav1.Object) {
	annotations := map[string]string{contract.AnnotationApplied: digests.Draw(t, "digest")}
	for _, written := range contract.Written()[:5] {
		if rapid.Bool().Draw(t, "tampers with "+written.Key) {
			annotations[written.Key] = hostileText.Draw(t, written.Key)
		}
	}
	size := 0
	for key, value := range annotations {
		size += len(key) + len(value)
	}
	left := apivalidation.TotalAnnotationSizeLimitB - size
	for i := 0; left > 100 && rapid.Bool().Draw(t, "more"); i++ {
		key := fmt.Sprintf("example.com/%d", i)
		length := rapid.OneOf(rapid.IntRange(0, 50), rapid.Just(left-len(key))).Draw(t, "length")
		annotations[key] = strings.Repeat("z", length)
		left -= len(key) + length
	}
	object.SetAnnotations(annotations)
}

// renderedIsValid renders everything that is made for a source, and again over what somebody has tampered with.
func renderedIsValid(t *rapid.T) {
	source, leaderName := anySource(t), serviceNames.Draw(t, "leader Service")
	service := leaderservice.NewService(source, leaderName)
	isValidService(t, service)
	service = stored(service)
	if rapid.Bool().Draw(t, "the leader Service is tampered with") {
		tamper(t, service)
	}
	var leader *corev1.Pod
	if rapid.Bool().Draw(t, "there is a leader") {
		leader = anyPod(t)
	}
	family := leaderservice.AddressTypes(source.Spec.IPFamilies)[0]
	route := leaderservice.Route{Source: source, Service: service, Leader: leader, Conditions: asReady}
	slice := leaderservice.NewSlice(route, family)
	isValidSlice(t, slice)
	if rapid.Bool().Draw(t, "the slice is tampered with") {
		tamper(t, slice)
	}
	judgeAll(service, slice)
	record, _ := leaderservice.RecordOf(slice, service, nil)
	if leader != nil {
		decision := election.Decision{Outcome: election.OutcomeChanged, Reason: contract.ReasonNotReady,
			Leader: &election.Pod{Name: leader.Name, UID: leader.UID}}
		advanced := record.Advance(decision, switchTime)
		if advanced.Epoch < record.Epoch || advanced.Epoch < 1 {
			t.Fatalf("the epoch goes back from %d to %d", record.Epoch, advanced.Epoch)
		}
		record = advanced
	}
	route.Record = record
	updatedSlice, _ := leaderservice.UpdatedSlice(slice, route)
	isValidSlice(t, updatedSlice)
	updatedService, _ := leaderservice.UpdatedService(service, source, record, false)
	isValidService(t, updatedService)
}

// judgeAll asks everything that is asked of objects by somebody else: none of it may panic.
func judgeAll(service *corev1.Service, slice *discoveryv1.EndpointSlice) {
	for _, object := range []metav1.Object{service, slice} {
		leaderservice.OwnershipOf(object, "db", "uid-db", "db")
		leaderservice.MadeByUs(object)
		leaderservice.SpilledByEdit(object, "uid-db")
	}
	leaderservice.SourceNames(service)
	leaderservice.WrittenRecord(slice)
}

func isValidService(t *rapid.T, service *corev1.Service) {
	if problems := apivalidation.ValidateObjectMeta(&service.ObjectMeta, true, apivalidation.NameIsDNS1035Label, nil); len(problems) > 0 {
		t.Fatalf("the API server would refuse the leader Service: %.500s", problems.ToAggregate())
	}
	oursAreShort(t, service)
}

func isValidSlice(t *rapid.T, slice *discoveryv1.EndpointSlice) {
	if problems := apivalidation.ValidateObjectMeta(&slice.ObjectMeta, true, apivalidation.NameIsDNSSubdomain, nil); len(problems) > 0 {
		t.Fatalf("the API server would refuse the slice: %.500s", problems.ToAggregate())
	}
	oursAreShort(t, slice)
	if len(slice.Endpoints) > 1 {
		t.Fatalf("%d endpoints", len(slice.Endpoints))
	}
	for _, endpoint := range slice.Endpoints {
		isValidEndpoint(t, slice.AddressType, endpoint)
	}
	for _, port := range slice.Ports {
		if len(validation.IsValidPortNum(int(*port.Port))) > 0 || len(validation.IsDNS1123Label(*port.Name)) > 0 {
			t.Fatalf("port %s %d", *port.Name, *port.Port)
		}
	}
}

func isValidEndpoint(t *rapid.T, addressType discoveryv1.AddressType, endpoint discoveryv1.Endpoint) {
	address, err := netip.ParseAddr(endpoint.Addresses[0])
	if len(endpoint.Addresses) != 1 || err != nil || address.Is4() != (addressType == discoveryv1.AddressTypeIPv4) || address.Is4In6() ||
		address.IsLoopback() || address.IsUnspecified() || address.IsLinkLocalUnicast() || address.IsLinkLocalMulticast() || address.Zone() != "" {
		t.Fatalf("addresses %q", endpoint.Addresses)
	}
	if node := ptr.Deref(endpoint.NodeName, "node"); len(validation.IsDNS1123Subdomain(node)) > 0 {
		t.Fatalf("node %q", node)
	}
}

// mostWritten is how many bytes of annotations the operator writes on an object at most: two names, a UID, times, numbers and digests.
const mostWritten = 1024

func oursAreShort(t *rapid.T, object metav1.Object) {
	size := 0
	for key, value := range object.GetAnnotations() {
		if strings.HasPrefix(key, contract.Prefix) {
			size += len(key) + len(value)
		}
	}
	if size > mostWritten {
		t.Fatalf("%d bytes of our annotations", size)
	}
}

func TestTheAPIServerAcceptsWhateverIsRendered(t *testing.T) { rapid.Check(t, renderedIsValid) }

func FuzzRender(f *testing.F) {
	random := rand.NewChaCha8([32]byte{1})
	for range 8 {
		seed := make([]byte, 4<<10)
		_, _ = random.Read(seed) // cannot fail
		f.Add(seed)
	}
	f.Fuzz(rapid.MakeFuzz(renderedIsValid))
}
