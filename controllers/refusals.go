package controllers

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// topicRefused is what told remembers a refusal under.
const topicRefused = "refused by the API server"

// reportRefusal tells, once, of what the API server refuses to a pass that ended with an error, and returns the error if trying again may
// help. What is not valid stays so however often it is sent: the next change of anything it depends on wakes the source. What is
// forbidden may be allowed later, because a quota has room again.
func (r *Reconciler) reportRefusal(seen *observation, err error) error {
	switch refused := isNotValid(err) || apierrors.IsForbidden(err); {
	case err == nil:
		r.told.news(seen.key, topicRefused)
	case refused && seen.source != nil:
		if len(r.told.news(seen.key, topicRefused, string(apierrors.ReasonForError(err)))) > 0 {
			r.warn(seen, nil, contract.EventUnsupportedService, actionWrite, "The API server refuses "+err.Error())
		}
	}
	if isNotValid(err) {
		return nil
	}
	return err
}

// isNotValid is whether the API server will give the same answer to the same request for ever.
func isNotValid(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || apierrors.IsRequestEntityTooLargeError(err)
}
