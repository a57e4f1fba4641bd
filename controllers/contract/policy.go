package contract

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Strategy is an election order.
type Strategy string

const (
	// StrategyRolloutAware prefers Pods of the newest revision, so that a rolling update moves the leader once.
	StrategyRolloutAware Strategy = "rollout-aware"
	// StrategyOldestReady looks at how long a Pod has been Ready, whatever its revision.
	StrategyOldestReady Strategy = "oldest-ready"
)

// Upper bounds of the durations, inclusive; the lower bound of both is 0.
const (
	MaxMinReadyDuration = time.Hour
	MaxFailoverMinDelay = 5 * time.Minute
)

// Bounds of what is read and kept of a Service's annotations: there may be 256 KiB of them.
const (
	// MaxValueLength is the length of the longest value that can be valid, in bytes: that of a Pod's or a Lease's name.
	MaxValueLength = validation.DNS1123SubdomainMaxLength
	// MaxUnknownKeys is how many keys that begin with Prefix and are none of ours are reported: the first ones in order.
	MaxUnknownKeys = 16
)

// Policy is what a Service's annotations ask for, with defaults filled in.
type Policy struct {
	// Enabled is whether the Service is opted in.
	Enabled bool
	// LeaderServiceName is the leader Service's name; empty if no valid one could be made, and then nothing may be made,
	// renamed or removed.
	LeaderServiceName string
	// Sticky keeps a leader for as long as it is eligible.
	Sticky bool
	// MinReadyDuration is from 0 to MaxMinReadyDuration.
	MinReadyDuration time.Duration
	// FailoverMinDelay is from 0 to MaxFailoverMinDelay.
	FailoverMinDelay time.Duration
	// Strategy is the election order.
	Strategy Strategy
	// PreferredLeader is a Pod name, or empty.
	PreferredLeader string
	// Paused keeps the leader for as long as it exists.
	Paused bool
	// FollowLease is a Lease name, or empty.
	FollowLease string
}

// InvalidAnnotation is a value that does not parse. The default applies in its place.
type InvalidAnnotation struct {
	// Key is the annotation's key.
	Key string
	// Value is what was typed; empty where the annotation is absent and its default does not fit.
	Value string
	// Allowed says in words what may be typed.
	Allowed string
}

// maxQuotedValue is how much of a bad value is repeated to the user, in bytes: annotations may be 256 KiB long.
const maxQuotedValue = 80

// String is the sentence for the user. It is one line whatever was typed.
func (a InvalidAnnotation) String() string {
	value := a.Value
	if len(value) > maxQuotedValue {
		value = strings.ToValidUTF8(value[:maxQuotedValue], "") + "..."
	}
	key := strconv.Quote(a.Key)
	return fmt.Sprintf("%s: %q is not valid: %s", key[1:len(key)-1], value, a.Allowed) // an ordinary key as it was typed, any other as one line
}

// OptedIn is whether the annotations opt a Service in, without parsing the rest.
func OptedIn(annotations map[string]string) bool {
	return annotations[AnnotationEnabled] == "true"
}

// Parse reads a Service's annotations. It returns the Policy, in which the default stands for each value that does not
// parse, and those values. The leader Service's name has no such default: it is empty when it does not parse.
// Where the Service is not opted in, only AnnotationEnabled is judged.
func Parse(serviceName string, annotations map[string]string) (Policy, []InvalidAnnotation) {
	policy := Policy{
		LeaderServiceName: serviceName + DefaultLeaderServiceSuffix,
		Sticky:            true,
		Strategy:          StrategyRolloutAware,
	}
	var invalid []InvalidAnnotation
	for _, setting := range settings {
		if value, present := annotations[setting.Key]; present {
			if allowed := setting.parse(&policy, value); allowed != "" {
				invalid = append(invalid, InvalidAnnotation{Key: setting.Key, Value: value, Allowed: allowed})
			}
		}
		if !policy.Enabled { // the first setting
			return policy, invalid
		}
	}
	if problem, bad := leaderNameProblem(serviceName, policy.LeaderServiceName); bad {
		policy.LeaderServiceName = ""
		invalid = append(invalid, problem)
	}
	return policy, append(invalid, unknownAnnotations(annotations)...)
}

// leaderNameProblem judges a leader Service name that is well formed, or the default that nobody typed.
func leaderNameProblem(serviceName, leaderServiceName string) (InvalidAnnotation, bool) {
	problem := InvalidAnnotation{Key: AnnotationLeaderServiceName, Value: leaderServiceName}
	switch {
	case leaderServiceName == "":
		return problem, false // reported when it was parsed
	case leaderServiceName == serviceName:
		problem.Allowed = "the leader Service needs a name of its own"
		return problem, true
	case len(validation.IsDNS1035Label(leaderServiceName)) > 0:
		problem.Value = "" // nobody typed it
		problem.Allowed = fmt.Sprintf("the default name %q is no Service name (RFC 1035 label of at most %d characters); set one; "+
			"nothing is made, renamed or removed until then", leaderServiceName, validation.DNS1035LabelMaxLength)
		return problem, true
	}
	return problem, false
}

// unknownAnnotations finds misspelt keys: a user who mistypes a key should hear of it as one who mistypes a value does.
func unknownAnnotations(annotations map[string]string) []InvalidAnnotation {
	keys := unknownKeys(annotations)
	if len(keys) == 0 {
		return nil
	}
	names := make([]string, 0, len(settings))
	for _, known := range SettingKeys() {
		names = append(names, strings.TrimPrefix(known, Prefix))
	}
	unknown := make([]InvalidAnnotation, 0, len(keys))
	for _, key := range keys {
		unknown = append(unknown, InvalidAnnotation{
			Key: key, Value: annotations[key], Allowed: "no such setting; there are " + strings.Join(names, ", "),
		})
	}
	return unknown
}

// unknownKeys are the first MaxUnknownKeys of the keys that begin with Prefix and are none of ours, in their order.
func unknownKeys(annotations map[string]string) []string {
	var unknown []string
	for key := range annotations {
		if strings.HasPrefix(key, Prefix) && !isSetting(key) && !isWritten(key) {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	return unknown[:min(len(unknown), MaxUnknownKeys)]
}

// Kept are those annotations that Parse reads, in few bytes whatever somebody has written: a value that is too long to be valid
// is cut to where it still is too long. Parse comes to the same by them. Nil if there are none.
func Kept(annotations map[string]string) map[string]string {
	var kept map[string]string
	keep := func(key, value string) {
		if kept == nil {
			kept = map[string]string{}
		}
		if len(value) > MaxValueLength {
			value = strings.Clone(value[:MaxValueLength+1]) // the rest is not to stay in memory
		}
		kept[key] = value
	}
	for key, value := range annotations {
		if strings.HasPrefix(key, Prefix) && (isSetting(key) || isWritten(key)) {
			keep(key, value)
		}
	}
	for _, key := range unknownKeys(annotations) {
		keep(key, annotations[key])
	}
	return kept
}

func parseBool(into *bool, value string) string {
	switch value {
	case "true", "false":
		*into = value == "true"
		return ""
	}
	return `must be "true" or "false"`
}

func parseDuration(into *time.Duration, value string, most time.Duration) string {
	duration, err := time.ParseDuration(value)
	if err != nil || duration < 0 || duration > most || len(value) > MaxValueLength {
		return fmt.Sprintf("must be a Go duration from 0s to %s, such as 1.5s", most)
	}
	*into = duration
	return ""
}

func parseStrategy(into *Strategy, value string) string {
	switch strategy := Strategy(value); strategy {
	case StrategyRolloutAware, StrategyOldestReady:
		*into = strategy
		return ""
	}
	return fmt.Sprintf("must be %s or %s", StrategyRolloutAware, StrategyOldestReady)
}

// parseServiceName leaves no name at all where the value is bad: traffic must not appear under a name nobody chose.
func parseServiceName(into *string, value string) string {
	if len(validation.IsDNS1035Label(value)) > 0 {
		*into = ""
		return fmt.Sprintf("must be a Service name (RFC 1035 label): lower-case letters, digits and '-', "+
			"beginning with a letter, at most %d characters; nothing is made, renamed or removed until then", validation.DNS1035LabelMaxLength)
	}
	*into = value
	return ""
}

func parseObjectName(into *string, value, kind string) string {
	if len(validation.IsDNS1123Subdomain(value)) > 0 {
		return fmt.Sprintf("must be the name of a %s", kind)
	}
	*into = value
	return ""
}
