package leaderservice

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// Ownership says whose an object is.
type Ownership string

const (
	// Ours is an object made by the operator for the owner as it is now.
	Ours Ownership = "ours"
	// Leftover is an object made by the operator for an owner of the same name that no longer exists.
	Leftover Ownership = "leftover"
	// Foreign is somebody else's. It is never changed and never deleted.
	Foreign Ownership = "foreign"
)

// OwnershipOf says whose a leader Service of the source, or a slice of the leader Service under one of our names, is.
//
// An object is ours if its controller reference has the owner's UID and it bears our label of that source or, after somebody has
// edited that, what we wrote last (contract.AnnotationApplied). The reference alone is no mark: anybody may make a Service
// the owner of his own objects. Where the reference was taken away, labels and digest are needed; where another controller
// stands in it, the object is foreign. Of a leader Service all this may be edited by whoever may edit Services; its slices know better, see Attested.
// ownerUID is empty if the owner does not exist.
func OwnershipOf(object metav1.Object, ownerName string, ownerUID types.UID, sourceName string) Ownership {
	labels := object.GetLabels()
	ofSource := labels[contract.LabelSourceService] == sourceName
	marked := ofSource &&
		(labels[contract.LabelManagedBy] == contract.ManagedBy || labels[contract.LabelSliceManagedBy] == contract.ManagedBy)
	controller := metav1.GetControllerOfNoCopy(object)
	switch {
	case controller == nil && marked && bearsDigest(object) && ownerUID != "":
		return Ours
	case controller == nil && marked && bearsDigest(object) && labels[contract.LabelSliceManagedBy] == contract.ManagedBy:
		return Leftover // a slice that has outlived its leader Service: it was deleted, and its dependents orphaned
	case controller == nil:
		return Foreign
	case controller.Kind != "Service" || controller.APIVersion != "v1" || controller.Name != ownerName:
		return Foreign
	case controller.UID == ownerUID && (ofSource || bearsDigest(object)):
		return Ours
	case marked:
		return Leftover
	}
	return Foreign
}

// AttestedOwnershipOf is OwnershipOf for a leader Service of which a slice says that it was made for the source. Whatever else it says of itself was
// edited, unless the source is another one of that name by now. One that bears no mark of ours any longer was given away.
func AttestedOwnershipOf(service *corev1.Service, sourceUID types.UID, sourceName string) Ownership {
	ownership := OwnershipOf(service, sourceName, sourceUID, sourceName)
	if ownership == Foreign && sourceUID != "" && BearsMark(service) {
		return Ours
	}
	return ownership
}

// BearsMark is whether a Service bears anything by which a leader Service can be told.
func BearsMark(service *corev1.Service) bool {
	return len(SourceNames(service)) > 0 || bearsDigest(service)
}

// Attested is the source that a leader Service was made for, by a slice of it: empty if that is no slice that we made for this Service. Who may edit
// Services cannot write slices, so he cannot give the leader Service of one source to another.
func Attested(slice metav1.Object, service *corev1.Service) string {
	if leaderService, isSlice := contract.LeaderServiceOfSliceName(slice.GetName()); !isSlice || leaderService != service.Name {
		return ""
	}
	if !metav1.IsControlledBy(slice, service) || slice.GetLabels()[contract.LabelSliceManagedBy] != contract.ManagedBy || !bearsDigest(slice) {
		return ""
	}
	return slice.GetLabels()[contract.LabelSourceService]
}

// MadeByUs is whether an object that is gone was the operator's: a leader Service, or a slice under the name that its leader
// Service gives it. It says nothing of the owner, who may be gone as well. What has lost its controller reference is known by its labels.
func MadeByUs(object metav1.Object) bool {
	controller := metav1.GetControllerOfNoCopy(object)
	if controller != nil && controller.Kind != "Service" || !bearsDigest(object) {
		return false
	}
	leaderService, isSlice := contract.LeaderServiceOfSliceName(object.GetName())
	labels := object.GetLabels()
	if controller == nil {
		return labels[contract.LabelSourceService] != "" &&
			(labels[contract.LabelManagedBy] == contract.ManagedBy || isSlice && labels[contract.LabelSliceManagedBy] == contract.ManagedBy)
	}
	return labels[contract.LabelManagedBy] == contract.ManagedBy || isSlice && leaderService == controller.Name
}

// builtInSliceController is how the built-in EndpointSlice controller marks its slices.
// Source: k8s.io/kubernetes/pkg/controller/endpointslice.ControllerName.
const builtInSliceController = "endpointslice-controller.k8s.io"

// SpilledByEdit is whether a slice was made by the built-in controller for our leader Service while that had a selector
// which somebody had added. The controller leaves it behind when the selector goes, and kube-proxy would go on routing
// to it.
func SpilledByEdit(slice metav1.Object, leaderServiceUID types.UID) bool {
	controller := metav1.GetControllerOfNoCopy(slice)
	return leaderServiceUID != "" && controller != nil && controller.UID == leaderServiceUID &&
		slice.GetLabels()[contract.LabelSliceManagedBy] == builtInSliceController
}

// mirroringController is how the built-in EndpointSliceMirroring controller marks its slices, which have the labels of the Endpoints that they are made
// from. endpointsManagedBy is the label of Endpoints by which they tell who made them, since Kubernetes 1.33, and endpointsController is the built-in
// controller, which gives them the labels of their Service.
// Source: k8s.io/endpointslice.ControllerName of endpointslicemirroring; k8s.io/kubernetes/pkg/controller/endpoint.
const (
	mirroringController = "endpointslicemirroring-controller.k8s.io"
	endpointsManagedBy  = "endpoints.kubernetes.io/managed-by"
	endpointsController = "endpoint-controller"
)

// MirroredByEdit is whether a slice of our leader Service was mirrored from Endpoints that the built-in controller made while the leader Service had a selector
// which somebody had added, and had lost the label that keeps them from being mirrored.
func MirroredByEdit(slice metav1.Object) bool {
	labels := slice.GetLabels()
	return labels[contract.LabelSliceManagedBy] == mirroringController &&
		(labels[contract.LabelManagedBy] == contract.ManagedBy || labels[endpointsManagedBy] == endpointsController)
}

// SourceNames are the source Services that an object of ours may belong to: by label and by controller reference, which
// agree unless somebody has edited one of them. Empty for objects that bear no mark of ours.
func SourceNames(service *corev1.Service) []string {
	var names []string
	if service.Labels[contract.LabelManagedBy] == contract.ManagedBy && service.Labels[contract.LabelSourceService] != "" {
		names = append(names, service.Labels[contract.LabelSourceService])
	}
	controller := metav1.GetControllerOfNoCopy(service)
	if controller != nil && controller.Kind == "Service" && controller.APIVersion == "v1" &&
		(len(names) == 0 || names[0] != controller.Name) {
		names = append(names, controller.Name)
	}
	return names
}

// SourceName is the source Service that a leader Service was made for: by its controller reference or, if somebody has taken that away, by
// its label.
func SourceName(leaderService *corev1.Service) string {
	if controller := metav1.GetControllerOfNoCopy(leaderService); controller != nil {
		return controller.Name
	}
	return leaderService.Labels[contract.LabelSourceService]
}

// controllerReference is the owner reference of everything we make. blockOwnerDeletion is false because OpenShift's
// admission plug-in OwnerReferencesPermissionEnforcement would ask for more rights than we have otherwise.
func controllerReference(owner *corev1.Service) metav1.OwnerReference {
	yes, no := true, false
	return metav1.OwnerReference{
		APIVersion: "v1", Kind: "Service", Name: owner.Name, UID: owner.UID, Controller: &yes, BlockOwnerDeletion: &no,
	}
}

// withController puts our controller reference among the owners that others have added.
func withController(existing []metav1.OwnerReference, ours metav1.OwnerReference) []metav1.OwnerReference {
	owners := []metav1.OwnerReference{ours}
	for _, owner := range existing {
		if (owner.Controller == nil || !*owner.Controller) && owner.UID != ours.UID {
			owners = append(owners, owner)
		}
	}
	return owners
}

// isOurAnnotation is whether the operator may set or remove the annotation on its objects.
func isOurAnnotation(key string) bool {
	return strings.HasPrefix(key, contract.Prefix)
}
