package contract

import (
	"slices"
	"strconv"
)

// Setting is an annotation that users may set on a Service.
type Setting struct {
	// Key is the annotation's key.
	Key string
	// Values, Default and Meaning describe it to users, in Markdown.
	Values, Default, Meaning string

	parse   func(policy *Policy, value string) (allowed string)
	inForce func(policy Policy) string
}

// InForce is what holds of the setting under a Policy, as it could be typed; empty for none.
func (s Setting) InForce(policy Policy) string { return s.inForce(policy) }

// Settings are all of them, in the order in which bad values are reported.
func Settings() []Setting {
	return settings
}

var settings = []Setting{
	{
		AnnotationEnabled, "`true`, `false`", "`false`",
		"Opt in.",
		func(p *Policy, v string) string { return parseBool(&p.Enabled, v) },
		func(p Policy) string { return strconv.FormatBool(p.Enabled) },
	},
	{
		AnnotationLeaderServiceName, "a Service name (RFC 1035 label)", "the Service's name and `" + DefaultLeaderServiceSuffix + "`",
		"The leader Service's name. When it is changed, the new one serves before the old one goes.",
		func(p *Policy, v string) string { return parseServiceName(&p.LeaderServiceName, v) },
		func(p Policy) string { return p.LeaderServiceName },
	},
	{
		AnnotationSticky, "`true`, `false`", "`true`",
		"Keep a leader for as long as it is eligible. With `false` the first in the election order leads at every change.",
		func(p *Policy, v string) string { return parseBool(&p.Sticky, v) },
		func(p Policy) string { return strconv.FormatBool(p.Sticky) },
	},
	{
		AnnotationMinReadyDuration, "a Go duration from `0s` to `1h`", "`0s`",
		"Flap damping: a Pod becomes a candidate once it has been Ready, without a break, for this long.",
		func(p *Policy, v string) string { return parseDuration(&p.MinReadyDuration, v, MaxMinReadyDuration) },
		func(p Policy) string { return p.MinReadyDuration.String() },
	},
	{
		AnnotationFailoverMinDelay, "a Go duration from `0s` to `5m`", "`0s`",
		"A leader that is merely not Ready keeps the endpoint, as ready, for this long. " +
			"One that is deleted, terminating, finished or without an address loses it at once.",
		func(p *Policy, v string) string { return parseDuration(&p.FailoverMinDelay, v, MaxFailoverMinDelay) },
		func(p Policy) string { return p.FailoverMinDelay.String() },
	},
	{
		AnnotationStrategy, "`rollout-aware`, `oldest-ready`", "`rollout-aware`",
		"The election order. `rollout-aware` prefers the newest revision, so that a rolling update moves the leader once.",
		func(p *Policy, v string) string { return parseStrategy(&p.Strategy, v) },
		func(p Policy) string { return string(p.Strategy) },
	},
	{
		AnnotationPreferredLeader, "a Pod name", "none",
		"Planned switchover: this Pod leads whenever it is eligible, stickiness notwithstanding.",
		func(p *Policy, v string) string { return parseObjectName(&p.PreferredLeader, v, "Pod") },
		func(p Policy) string { return p.PreferredLeader },
	},
	{
		AnnotationPaused, "`true`, `false`", "`false`",
		"Maintenance: the leader is not changed for as long as it exists, whatever its state.",
		func(p *Policy, v string) string { return parseBool(&p.Paused, v) },
		func(p Policy) string { return strconv.FormatBool(p.Paused) },
	},
	{
		AnnotationFollowLease, "the name of a Lease in the namespace", "none",
		"The application elects its own leader through this Lease: the Pod that holds it leads (the holder identity is the Pod's " +
			"name, or begins with it and `_`), and nobody while nobody holds it or it has run out.",
		func(p *Policy, v string) string { return parseObjectName(&p.FollowLease, v, "Lease") },
		func(p Policy) string { return p.FollowLease },
	},
}

// SettingKeys are the annotations that a user may set on a Service.
func SettingKeys() []string {
	keys := make([]string, 0, len(settings))
	for _, setting := range settings {
		keys = append(keys, setting.Key)
	}
	return keys
}

// isSetting is whether a user may set the annotation.
func isSetting(key string) bool {
	return slices.ContainsFunc(settings, func(setting Setting) bool { return setting.Key == key })
}

// WrittenAnnotation is an annotation that the operator writes.
type WrittenAnnotation struct {
	Key, Meaning string
}

// isWritten is whether the operator writes the annotation: on a Service that was copied from a leader Service it is no
// mistake of the user's.
func isWritten(key string) bool {
	return slices.ContainsFunc(Written(), func(written WrittenAnnotation) bool { return written.Key == key })
}

// Written are the annotations that the operator writes on its own objects.
func Written() []WrittenAnnotation {
	return []WrittenAnnotation{
		{AnnotationLeaderPodName, "The Pod that leads. Absent on the leader Service while nobody does; the slice then names the last leader."},
		{AnnotationLeaderPodUID, "Its UID."},
		{AnnotationLeaderLastSwitchTime, "When it was elected, or when the last leader was lost: RFC 3339 with microseconds."},
		{AnnotationLeaderEpoch, "Grows by one whenever a leader is elected and never goes back: usable as a fencing token."},
		{AnnotationLeaderReason, "Why the leader last changed or was lost."},
		{AnnotationApplied, "The operator's fingerprint of what it wrote; private."},
	}
}
