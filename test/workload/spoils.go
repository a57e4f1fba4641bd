package workload

import (
	"context"
	"fmt"

	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// SpoiledAddress and SpoiledAddress6 are where spoiled slices send the traffic: addresses for documentation (RFC 5737, RFC 3849), which no Pod has.
const (
	SpoiledAddress  = "192.0.2.1"
	SpoiledAddress6 = "2001:db8::1"
)

// Spoil is something that somebody does to what the operator has made for a Service. What is not there cannot be spoiled, and is no error.
type Spoil struct {
	Name string
	Do   func(ctx context.Context, p *Pods, service string) error
}

// Spoils are all ways that there are where Services have IPv4 alone.
var Spoils = []Spoil{
	{"slice edited", editSlice(discoveryv1.AddressTypeIPv4, SpoiledAddress)},
	{"slice deleted", deleteSlice(discoveryv1.AddressTypeIPv4)},
	{"leader Service deleted", deleteLeaderService},
}

// DualStackSpoils are those that Services with IPv6 as well have besides.
var DualStackSpoils = []Spoil{
	{"IPv6 slice edited", editSlice(discoveryv1.AddressTypeIPv6, SpoiledAddress6)},
	{"IPv6 slice deleted", deleteSlice(discoveryv1.AddressTypeIPv6)},
}

func editSlice(of discoveryv1.AddressType, address string) func(context.Context, *Pods, string) error {
	patch := fmt.Appendf(nil, `{"endpoints":[{"addresses":[%q]}]}`, address)
	return func(ctx context.Context, p *Pods, service string) error {
		_, err := p.Client.DiscoveryV1().EndpointSlices(p.Namespace).Patch(ctx, sliceName(service, of), types.MergePatchType, patch, metav1.PatchOptions{})
		return ignoreMissing(err)
	}
}

func deleteSlice(of discoveryv1.AddressType) func(context.Context, *Pods, string) error {
	return func(ctx context.Context, p *Pods, service string) error {
		return ignoreMissing(p.Client.DiscoveryV1().EndpointSlices(p.Namespace).Delete(ctx, sliceName(service, of), metav1.DeleteOptions{}))
	}
}

func deleteLeaderService(ctx context.Context, p *Pods, service string) error {
	return ignoreMissing(p.Client.CoreV1().Services(p.Namespace).Delete(ctx, leaderName(service), metav1.DeleteOptions{}))
}

func leaderName(service string) string { return service + contract.DefaultLeaderServiceSuffix }

func sliceName(service string, of discoveryv1.AddressType) string {
	return contract.SliceName(leaderName(service), of)
}

func ignoreMissing(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
