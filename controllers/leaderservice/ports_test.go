package leaderservice_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// target is a Service port on TCP with that target port.
func target(target intstr.IntOrString) corev1.ServicePort {
	return corev1.ServicePort{Name: target.String(), Protocol: corev1.ProtocolTCP, Port: 80, TargetPort: target}
}

// containers are the Pod's containers' ports: one container for each list.
func containers(lists ...[]corev1.ContainerPort) podTrait {
	return func(p *corev1.Pod) {
		p.Spec.Containers = nil
		for _, list := range lists {
			p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Ports: list})
		}
	}
}

// sidecar adds an init container; it goes on running where its restart policy is Always.
func sidecar(policy *corev1.ContainerRestartPolicy, list ...corev1.ContainerPort) podTrait {
	return func(p *corev1.Pod) {
		p.Spec.InitContainers = append(p.Spec.InitContainers, corev1.Container{RestartPolicy: policy, Ports: list})
	}
}

func tcp(name string, number int32) corev1.ContainerPort {
	return corev1.ContainerPort{Name: name, ContainerPort: number, Protocol: corev1.ProtocolTCP}
}

func udp(name string, number int32) corev1.ContainerPort {
	return corev1.ContainerPort{Name: name, ContainerPort: number, Protocol: corev1.ProtocolUDP}
}

// Source: k8s.io/endpointslice.FindPort.
func TestTargetPortsAreResolvedAsKubernetesDoes(t *testing.T) {
	web, always, onFailure := intstr.FromString("web"), corev1.ContainerRestartPolicyAlways, corev1.ContainerRestartPolicyOnFailure
	one := func(ports ...corev1.ContainerPort) podTrait { return containers(ports) }
	none := one()
	for name, test := range map[string]struct {
		ports      []corev1.ServicePort
		pod        *corev1.Pod
		want       []int32
		unresolved []string
	}{
		"a number needs no container port":        {[]corev1.ServicePort{target(intstr.FromInt32(9))}, pod("a", none), []int32{9}, nil},
		"a name":                                  {[]corev1.ServicePort{target(web)}, pod("a", one(tcp("web", 8))), []int32{8}, nil},
		"a name of the second container":          {[]corev1.ServicePort{target(web)}, pod("a", containers(nil, []corev1.ContainerPort{tcp("web", 8)})), []int32{8}, nil},
		"a name of two containers: the first":     {[]corev1.ServicePort{target(web)}, pod("a", one(tcp("web", 8), tcp("web", 9))), []int32{8}, nil},
		"a name of a sidecar":                     {[]corev1.ServicePort{target(web)}, pod("a", none, sidecar(&always, tcp("web", 7))), []int32{7}, nil},
		"a container before a sidecar":            {[]corev1.ServicePort{target(web)}, pod("a", sidecar(&always, tcp("web", 7)), one(tcp("web", 8))), []int32{8}, nil},
		"an init container that ends":             {[]corev1.ServicePort{target(web)}, pod("a", none, sidecar(nil, tcp("web", 7))), nil, []string{"web"}},
		"an init container with another policy":   {[]corev1.ServicePort{target(web)}, pod("a", none, sidecar(&onFailure, tcp("web", 7))), nil, []string{"web"}},
		"another protocol":                        {[]corev1.ServicePort{target(web)}, pod("a", one(udp("web", 8))), nil, []string{"web"}},
		"another protocol of a sidecar":           {[]corev1.ServicePort{target(web)}, pod("a", none, sidecar(&always, udp("web", 8))), nil, []string{"web"}},
		"the protocol decides between two":        {[]corev1.ServicePort{target(web)}, pod("a", one(udp("web", 8), tcp("web", 9))), []int32{9}, nil},
		"a name in other letters":                 {[]corev1.ServicePort{target(web)}, pod("a", one(tcp("WEB", 8))), nil, []string{"web"}},
		"a name made of digits is no number":      {[]corev1.ServicePort{target(intstr.FromString("8080"))}, pod("a", none), nil, []string{"8080"}},
		"one of two: none is published":           {[]corev1.ServicePort{target(intstr.FromInt32(9)), target(web)}, pod("a", none), nil, []string{"web"}},
		"none of two":                             {[]corev1.ServicePort{target(intstr.FromString("x")), target(web)}, pod("a", none), nil, []string{"x", "web"}},
		"all of two, in the order of the Service": {[]corev1.ServicePort{target(web), target(intstr.FromInt32(9))}, pod("a", one(tcp("web", 8))), []int32{8, 9}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			from := source(ports(test.ports...))
			got, resolved := leaderservice.ResolvePorts(from, test.pod)
			if resolved != (test.unresolved == nil) {
				t.Errorf("resolved is %t", resolved)
			}
			same(t, "numbers", test.want, numbersOf(got))
			same(t, "unresolved", test.unresolved, leaderservice.UnresolvedPorts(from, test.pod))
		})
	}
}

func numbersOf(ports []discoveryv1.EndpointPort) []int32 {
	var numbers []int32
	for _, port := range ports {
		numbers = append(numbers, *port.Port)
	}
	return numbers
}

func TestAddressesAreCanonicalAndOfTheFamily(t *testing.T) {
	for name, test := range map[string]struct {
		pod       *corev1.Pod
		four, six string
	}{
		"one of each family":         {pod("a"), "10.1.0.5", "fd01::5"},
		"IPv6 first":                 {pod("a", addresses("fd01::5", "10.1.0.5")), "10.1.0.5", "fd01::5"},
		"only IPv4":                  {pod("a", addresses("10.1.0.5")), "10.1.0.5", ""},
		"only IPv6":                  {pod("a", addresses("fd01::5")), "", "fd01::5"},
		"no address":                 {pod("a", addresses()), "", ""},
		"no Pod":                     {nil, "", ""},
		"IPv6 written at length":     {pod("a", addresses("FD01:0000:0000:0:0:0:0:0005")), "", "fd01::5"},
		"IPv4 with leading zeros":    {pod("a", addresses("010.001.000.005")), "", ""},
		"no address at all":          {pod("a", addresses("node-1", "")), "", ""},
		"loopback":                   {pod("a", addresses("127.0.0.1", "::1")), "", ""},
		"link-local":                 {pod("a", addresses("169.254.169.254", "fe80::1")), "", ""},
		"link-local multicast":       {pod("a", addresses("224.0.0.1", "ff02::1")), "", ""},
		"unspecified":                {pod("a", addresses("0.0.0.0", "::")), "", ""},
		"the first that is accepted": {pod("a", addresses("127.0.0.1", "10.1.0.5", "10.1.0.6")), "10.1.0.5", ""},
		"succeeded":                  {pod("a", phase(corev1.PodSucceeded)), "", ""},
		"failed":                     {pod("a", phase(corev1.PodFailed)), "", ""},
		"pending":                    {pod("a", phase(corev1.PodPending)), "10.1.0.5", "fd01::5"},
		"terminating":                {pod("a", func(p *corev1.Pod) { p.DeletionTimestamp = &p.CreationTimestamp }), "10.1.0.5", "fd01::5"},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, "IPv4", test.four, leaderservice.Address(test.pod, ipv4))
			same(t, "IPv6", test.six, leaderservice.Address(test.pod, ipv6))
		})
	}
}

func TestAnAddressInAFormThatTheAPIRefusesIsNone(t *testing.T) {
	for name, address := range map[string]string{"IPv4 mapped to IPv6": "::ffff:10.1.0.5", "with a zone": "fd01::5%eth0"} {
		t.Run(name, func(t *testing.T) {
			for _, addressType := range []discoveryv1.AddressType{ipv4, ipv6} {
				got := leaderservice.Address(pod("a", addresses(address)), addressType)
				if refused := validation.IsValidIP(nil, got); got != "" && len(refused) > 0 {
					t.Errorf("%s: %v", addressType, refused)
				}
			}
		})
	}
}
