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

// SpoiledAddress is where spoiled slices send the traffic: an address for documentation (RFC 5737), which no Pod has.
const SpoiledAddress = "192.0.2.1"

// Spoil is something that somebody does to what the operator has made for a Service. What is not there cannot be spoiled, and is no error.
type Spoil struct {
	Name string
	Do   func(ctx context.Context, p *Pods, service string) error
}

// Spoils are all ways that there are.
var Spoils = []Spoil{
	{"slice edited", editSlice},
	{"slice deleted", deleteSlice},
	{"leader Service deleted", deleteLeaderService},
}

func editSlice(ctx context.Context, p *Pods, service string) error {
	patch := fmt.Appendf(nil, `{"endpoints":[{"addresses":[%q]}]}`, SpoiledAddress)
	_, err := p.Client.DiscoveryV1().EndpointSlices(p.Namespace).Patch(ctx, sliceName(service), types.MergePatchType, patch, metav1.PatchOptions{})
	return ignoreMissing(err)
}

func deleteSlice(ctx context.Context, p *Pods, service string) error {
	return ignoreMissing(p.Client.DiscoveryV1().EndpointSlices(p.Namespace).Delete(ctx, sliceName(service), metav1.DeleteOptions{}))
}

func deleteLeaderService(ctx context.Context, p *Pods, service string) error {
	return ignoreMissing(p.Client.CoreV1().Services(p.Namespace).Delete(ctx, leaderName(service), metav1.DeleteOptions{}))
}

func leaderName(service string) string { return service + contract.DefaultLeaderServiceSuffix }

func sliceName(service string) string {
	return contract.SliceName(leaderName(service), discoveryv1.AddressTypeIPv4)
}

func ignoreMissing(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
