package leaderservice

import (
	"encoding/hex"
	"encoding/json"
	"hash/fnv"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// digestVersion changes with the set of fields that are ours, so that an upgrade of the operator is not taken for an edit.
const digestVersion = "v2-"

// formerDigestVersion is of the same fields, but a slice's has no digest of the record alone.
const formerDigestVersion = "v1-"

// otherDigest is one of another version of the operator, which cannot be checked.
var otherDigest = regexp.MustCompile(`^v[0-9]+-[0-9a-f]{16}(-[0-9a-f]{16})?$`)

// digestSeparator stands between the digest of a slice and that of the record in it.
const digestSeparator = "-"

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
	whole, _, known := applied(object)
	if !known && otherDigest.MatchString(object.GetAnnotations()[contract.AnnotationApplied]) {
		return false
	}
	return digestVersion+whole != digest(owned)
}

// applied are the digests that an object bears, of all that is ours in it and of a slice's record, and whether it bears any of this version.
func applied(object metav1.Object) (whole, record string, known bool) {
	written := object.GetAnnotations()[contract.AnnotationApplied]
	if whole, former := strings.CutPrefix(written, formerDigestVersion); former {
		return whole, "", true
	}
	digests, known := strings.CutPrefix(written, digestVersion)
	if !known {
		return "", "", false
	}
	whole, record, _ = strings.Cut(digests, digestSeparator)
	return whole, record, true
}

// sliceDigest is what is written with a slice: the digest of what is ours in it, and another one of its record alone. That one tells
// that the record still is as it was written where somebody has changed something else.
func sliceDigest(slice *discoveryv1.EndpointSlice, record Record) string {
	return digest(ownedSliceOf(slice)) + digestSeparator + recordDigest(slice.Annotations, record.Published, record.NotReady)
}

// recordDigest is a fingerprint of a record as it stands in annotations, and of what stands on the endpoint.
func recordDigest(annotations map[string]string, published, notReady bool) string {
	record := make([]byte, 0, 256)
	for _, key := range recordKeys {
		record = append(append(record, annotations[key]...), 0)
	}
	record = strconv.AppendBool(strconv.AppendBool(record, published), notReady)
	hash := fnv.New64a()
	_, _ = hash.Write(record) // cannot fail
	return hex.EncodeToString(hash.Sum(nil))
}

// intactRecord is the record of a slice that somebody has edited, and whether that edit has left the record as it was written.
func intactRecord(slice *discoveryv1.EndpointSlice) (Record, bool) {
	_, written, _ := applied(slice)
	if written == "" {
		return Record{}, false
	}
	for _, endpoint := range []struct{ published, notReady bool }{{true, false}, {false, false}, {true, true}} {
		if written == recordDigest(slice.Annotations, endpoint.published, endpoint.notReady) {
			record := parseRecord(slice.Annotations, endpoint.published)
			record.NotReady = endpoint.notReady
			return record, true
		}
	}
	return Record{}, false
}

// bearsDigest is whether the object says what the operator wrote last, whether or not that is still so.
func bearsDigest(object metav1.Object) bool {
	whole, _, known := applied(object)
	_, err := hex.DecodeString(whole)
	return known && err == nil && len(whole) == hex.EncodedLen(fnv.New64a().Size())
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

// merge is existing with our annotations in place of whatever stood under our keys. What others have added is kept while there is room for
// it: with more annotations than the API allows nothing could be written any longer, and the leader could not move.
func merge(existing, ours map[string]string) map[string]string {
	merged := make(map[string]string, len(existing)+len(ours))
	size := 0
	for key, value := range ours {
		merged[key] = value
		size += len(key) + len(value)
	}
	for _, key := range slices.Sorted(maps.Keys(existing)) {
		if _, taken := merged[key]; taken || isOurAnnotation(key) {
			continue
		}
		if needed := len(key) + len(existing[key]); size+needed <= validation.TotalAnnotationSizeLimitB {
			merged[key] = existing[key]
			size += needed
		}
	}
	return merged
}
