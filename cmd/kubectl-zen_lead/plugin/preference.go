package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// answerWithin is how long an answer to a write is waited for, whatever the user does meanwhile: without it nobody would know what is set. Webhooks may
// take half a minute.
const answerWithin = 35 * time.Second

// tryEvery is how often something is tried again that must not be left undone.
const tryEvery = 250 * time.Millisecond

// patchOf sets an annotation, or removes it if the value is nil. With a version it is refused if the Service has another one by then.
func patchOf(key string, value *string, version string) (client.Patch, error) {
	metadata := map[string]any{"annotations": map[string]any{key: value}}
	if version != "" {
		metadata["resourceVersion"] = version
	}
	patch, err := json.Marshal(map[string]any{"metadata": metadata})
	return client.RawPatch(types.MergePatchType, patch), err
}

// preference is the annotation preferred-leader of one Service, as this command has changed it.
type preference struct {
	cluster *cluster
	key     types.NamespacedName
	uid     types.UID
	// before is what stood there, nil for nothing; wrote is what was written.
	before *string
	wrote  string
}

// annotate sets the annotation on the condition that the Service has not changed since.
func (p *preference) annotate(ctx context.Context, value *string, version string) error {
	patch, err := patchOf(contract.AnnotationPreferredLeader, value, version)
	if err != nil {
		return err
	}
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: p.key.Namespace, Name: p.key.Name}}
	return p.cluster.Patch(ctx, service, patch, client.FieldOwner(Binary))
}

// set writes the preference into the Service as it was read. An answer is waited for although the user may have given up: then it is put back.
// unknown is whether nobody can say if it was written.
func (p *preference) set(ctx context.Context, read *corev1.Service) (unknown bool, err error) {
	if before, was := read.Annotations[contract.AnnotationPreferredLeader]; was {
		p.before = &before
	}
	p.uid = read.UID
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
	defer cancel()
	err = p.annotate(patient, &p.wrote, read.ResourceVersion)
	if err == nil || isAnswer(err) {
		return false, err
	}
	return true, err
}

// isAnswer is whether the API server has refused something for good, rather than not have answered or been busy.
func isAnswer(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	code := status.Status().Code
	return code >= http.StatusBadRequest && code < http.StatusInternalServerError && code != http.StatusTooManyRequests
}

// putBack writes what stood there before, if the preference still is the one that was written. It says whether there was anything to do. An API server
// that does not answer is tried again for as long as an answer is waited for.
func (p *preference) putBack(ctx context.Context) (done bool, err error) {
	patient := context.WithoutCancel(ctx)
	polled := wait.PollUntilContextTimeout(patient, tryEvery, answerWithin, true, func(ctx context.Context) (bool, error) {
		done, err = p.tryPutBack(ctx)
		return err == nil || isAnswer(err) && !apierrors.IsConflict(err), nil
	})
	if err == nil {
		err = polled
	}
	return done, err
}

func (p *preference) tryPutBack(ctx context.Context) (done bool, err error) {
	service := &corev1.Service{}
	err = p.cluster.Get(ctx, p.key, service)
	stands, is := service.Annotations[contract.AnnotationPreferredLeader]
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, err
	case !is || stands != p.wrote || service.UID != p.uid:
		return false, nil // somebody else's by now, or never written
	}
	err = p.annotate(ctx, p.before, service.ResourceVersion)
	return err == nil, err
}

// command is how the user puts it back himself.
func (p *preference) command() string {
	if p.before == nil {
		return fmt.Sprintf("kubectl annotate service %s -n %s %s-", p.key.Name, p.key.Namespace, contract.AnnotationPreferredLeader)
	}
	return fmt.Sprintf("kubectl annotate service %s -n %s --overwrite %s=%s",
		p.key.Name, p.key.Namespace, contract.AnnotationPreferredLeader, oneLine(*p.before))
}
