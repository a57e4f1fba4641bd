package controllers

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// topicRefused is what told remembers a refusal under.
const topicRefused = "refused by the API server"

// refusedRetry is when something is written again that the API server has said is not valid. Its policies may have changed, and nothing tells.
const refusedRetry = 10 * time.Minute

// reportRefusal tells, once, of what the API server refuses to a pass that ended with an error. It returns when to look again, and the error if
// trying again soon may help, because a quota has room again perhaps, or a webhook answers. What is not valid stays so however often it is sent.
func (r *Reconciler) reportRefusal(ctx context.Context, seen *observation, recheck time.Duration, err error) (time.Duration, error) {
	switch refused := isNotValid(err) || apierrors.IsForbidden(err) || apierrors.IsInternalError(err); { // the last is a webhook's that fails, above all
	case err == nil:
		r.told.news(seen.key, topicRefused)
	case refused && seen.source != nil:
		if len(r.told.news(seen.key, topicRefused, string(apierrors.ReasonForError(err)))) > 0 {
			r.warn(seen, nil, contract.EventUnsupportedService, actionWrite, "The API server refuses "+err.Error())
		}
	}
	if !isNotValid(err) {
		return recheck, err
	}
	logf.FromContext(ctx).Error(err, "The API server refuses what is written", "service", seen.key)
	if recheck == 0 || recheck > refusedRetry {
		recheck = refusedRetry
	}
	return recheck, nil
}

// isNotValid is whether the API server will give the same answer to the same request, whatever time passes.
func isNotValid(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || apierrors.IsRequestEntityTooLargeError(err)
}
