package leaderservice

import (
	"encoding/hex"
	"encoding/json"
	"hash/fnv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// digestVersion changes with the set of fields that are ours, so that an upgrade of the operator is not taken for an edit.
const digestVersion = "v1-"

// digest is a short fingerprint of the fields of an object that are ours.
func digest(owned any) string {
	hash := fnv.New64a()
	// Encoding plain structs of strings and numbers cannot fail.
	_ = json.NewEncoder(hash).Encode(owned)
	return digestVersion + hex.EncodeToString(hash.Sum(nil))
}

// edited is whether somebody else has changed what is ours in an object since the operator wrote it: the digest that was
// written with it no longer fits. A digest of another version tells nothing.
func edited(object metav1.Object, owned any) bool {
	applied := object.GetAnnotations()[contract.AnnotationApplied]
	if applied != "" && !strings.HasPrefix(applied, digestVersion) {
		return false
	}
	return applied != digest(owned)
}

// bearsDigest is whether the object says what the operator wrote last, whether or not that is still so.
func bearsDigest(object metav1.Object) bool {
	applied, found := strings.CutPrefix(object.GetAnnotations()[contract.AnnotationApplied], digestVersion)
	_, err := hex.DecodeString(applied)
	return found && err == nil && len(applied) == hex.EncodedLen(fnv.New64a().Size())
}

// ownedMetadata is what is ours in an object's metadata.
type ownedMetadata struct {
	Labels      map[string]string
	Annotations map[string]string
	Controller  *metav1.OwnerReference
}

// ownedMetadataOf picks the labels and annotations with the given keys, and the controller reference.
func ownedMetadataOf(object metav1.Object, labelKeys []string) ownedMetadata {
	return ownedMetadata{
		Labels:      pick(object.GetLabels(), labelKeys),
		Annotations: pick(object.GetAnnotations(), recordKeys),
		Controller:  metav1.GetControllerOfNoCopy(object),
	}
}

func pick(from map[string]string, keys []string) map[string]string {
	picked := make(map[string]string, len(keys))
	for _, key := range keys {
		if value, present := from[key]; present {
			picked[key] = value
		}
	}
	return picked
}

// merge is existing with our annotations in place of whatever stood under our keys.
func merge(existing, ours map[string]string) map[string]string {
	merged := make(map[string]string, len(existing)+len(ours))
	for key, value := range existing {
		if !isOurAnnotation(key) {
			merged[key] = value
		}
	}
	for key, value := range ours {
		merged[key] = value
	}
	return merged
}
