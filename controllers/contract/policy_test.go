package contract_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// maxNote is the longest note that the Events API takes, in bytes.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ (note).
const maxNote = 1024

// hugeValue is long enough to hurt if it were repeated anywhere.
var hugeValue = strings.Repeat("x", 100<<10)

// goodValues are values that differ from the default, and what they make of the Policy.
var goodValues = map[string]struct {
	value string
	set   func(*contract.Policy)
}{
	contract.AnnotationLeaderServiceName: {"primary", func(p *contract.Policy) { p.LeaderServiceName = "primary" }},
	contract.AnnotationSticky:            {"false", func(p *contract.Policy) { p.Sticky = false }},
	contract.AnnotationMinReadyDuration:  {"1.5s", func(p *contract.Policy) { p.MinReadyDuration = 1500 * time.Millisecond }},
	contract.AnnotationFailoverMinDelay:  {"90s", func(p *contract.Policy) { p.FailoverMinDelay = 90 * time.Second }},
	contract.AnnotationStrategy:          {"oldest-ready", func(p *contract.Policy) { p.Strategy = contract.StrategyOldestReady }},
	contract.AnnotationPreferredLeader:   {"db-0.x", func(p *contract.Policy) { p.PreferredLeader = "db-0.x" }},
	contract.AnnotationPaused:            {"true", func(p *contract.Policy) { p.Paused = true }},
	contract.AnnotationFollowLease:       {"db.lock", func(p *contract.Policy) { p.FollowLease = "db.lock" }},
}

// defaults is the Policy of a Service named db that is opted in and says nothing else.
func defaults() contract.Policy {
	return contract.Policy{
		Enabled: true, LeaderServiceName: "db-leader", Sticky: true, Strategy: contract.StrategyRolloutAware,
	}
}

// optedIn is the annotations of an opted-in Service, with further pairs of key and value.
func optedIn(pairs ...string) map[string]string {
	annotations := map[string]string{contract.AnnotationEnabled: "true"}
	for i := 0; i < len(pairs); i += 2 {
		annotations[pairs[i]] = pairs[i+1]
	}
	return annotations
}

func parsesTo(t *testing.T, annotations map[string]string, want contract.Policy) {
	t.Helper()
	policy, invalid := contract.Parse("db", annotations)
	if policy != want {
		t.Errorf("policy\n got %+v\nwant %+v", policy, want)
	}
	if len(invalid) > 0 {
		t.Errorf("reported %v", invalid)
	}
}

// reports expects one bad value, and the default in its place.
func reports(t *testing.T, annotations map[string]string, key, value string, want contract.Policy) {
	t.Helper()
	policy, invalid := contract.Parse("db", annotations)
	if policy != want {
		t.Errorf("policy\n got %+v\nwant %+v", policy, want)
	}
	if len(invalid) != 1 || invalid[0].Key != key || invalid[0].Value != value || invalid[0].Allowed == "" {
		t.Fatalf("reported %v, want %s with the value %.40q", invalid, key, value)
	}
	isShortLine(t, invalid[0].String())
}

func isShortLine(t rapid.TB, sentence string) {
	t.Helper()
	if len(sentence) > maxNote {
		t.Errorf("%d bytes: %.200s", len(sentence), sentence)
	}
	for _, letter := range sentence {
		if !unicode.IsPrint(letter) {
			t.Errorf("%q is not printable in %.200q", letter, sentence)
		}
	}
}

func TestAServiceWithoutAnnotationsIsNotOptedIn(t *testing.T) {
	want := defaults()
	want.Enabled = false
	parsesTo(t, nil, want)
}

func TestAnOptedInServiceHasTheDefaults(t *testing.T) {
	parsesTo(t, optedIn(), defaults())
}

func TestEachAnnotationSetsItsFieldOnly(t *testing.T) {
	for key, good := range goodValues {
		t.Run(key, func(t *testing.T) {
			want := defaults()
			good.set(&want)
			parsesTo(t, optedIn(key, good.value), want)
		})
	}
}

func TestEverySettingIsCovered(t *testing.T) {
	want := append(slices.Collect(maps.Keys(goodValues)), contract.AnnotationEnabled)
	slices.Sort(want)
	if keys := contract.SettingKeys(); !slices.Equal(slices.Sorted(slices.Values(keys)), want) {
		t.Errorf("settings %v, tested %v", keys, want)
	}
}

// spoiltForms are a good value's bad forms.
func spoiltForms(good string) map[string]string {
	return map[string]string{
		"empty": "", "only a space": " ", "a space before": " " + good, "a space behind": good + " ",
		"a newline behind": good + "\n", "only a newline": "\n", "upper case": strings.ToUpper(good), "quoted": `"` + good + `"`,
		"full-width letters": "ｔｒｕｅ", "an accent": good + "\u0301", "invalid UTF-8": "\xff\xfe", "a zero byte": good + "\x00",
		"100 KiB": hugeValue, "100 KiB of newlines": strings.Repeat("\n", 100<<10),
	}
}

func TestABadFormIsReportedAndTheDefaultApplies(t *testing.T) {
	for key, good := range goodValues {
		for form, bad := range spoiltForms(good.value) {
			t.Run(key+"/"+form, func(t *testing.T) {
				reports(t, optedIn(key, bad), key, bad, withoutNameIf(key))
			})
		}
	}
}

// withoutNameIf is the defaults, but without a name where that is what was bad: nothing may be made until it is mended.
func withoutNameIf(key string) contract.Policy {
	policy := defaults()
	if key == contract.AnnotationLeaderServiceName {
		policy.LeaderServiceName = ""
	}
	return policy
}

func TestABadEnabledIsReportedAndCountsAsOff(t *testing.T) {
	want := defaults()
	want.Enabled = false
	for form, bad := range spoiltForms("true") {
		t.Run(form, func(t *testing.T) {
			annotations := map[string]string{contract.AnnotationEnabled: bad, contract.AnnotationSticky: "no"}
			reports(t, annotations, contract.AnnotationEnabled, bad, want)
			if contract.OptedIn(annotations) {
				t.Error("counts as opted in")
			}
		})
	}
}

func TestNothingElseIsJudgedUnlessOptedIn(t *testing.T) {
	want := defaults()
	want.Enabled = false
	annotations := optedIn(contract.AnnotationEnabled, "false", contract.AnnotationLeaderServiceName, "db",
		contract.AnnotationPaused, "yes", contract.Prefix+"no-such-setting", "x")
	parsesTo(t, annotations, want)
}

func TestValuesAtAndBeyondTheirBounds(t *testing.T) {
	minReady, delay := contract.AnnotationMinReadyDuration, contract.AnnotationFailoverMinDelay
	name, preferred, lease := contract.AnnotationLeaderServiceName, contract.AnnotationPreferredLeader, contract.AnnotationFollowLease
	for _, test := range []struct {
		key, value string
		valid      bool
	}{
		{minReady, "0s", true}, {minReady, "0", true}, {minReady, "1h", true}, {minReady, "3600s", true}, {minReady, "1ns", true},
		{minReady, "1h0m0.000000001s", false}, {minReady, "-1ns", false}, {minReady, "-1h", false}, {minReady, "60", false},
		{minReady, "1d", false}, {minReady, "1 s", false}, {minReady, "NaN", false}, {minReady, "9223372036854775808ns", false},
		{delay, "0s", true}, {delay, "5m", true}, {delay, "300s", true}, {delay, "5m0.000000001s", false}, {delay, "-1s", false},
		{delay, "1h", false}, {delay, "5", false}, {delay, "1e3s", false},
		{name, strings.Repeat("a", 63), true}, {name, "a", true}, {name, strings.Repeat("a", 64), false}, {name, "1a", false},
		{name, "-a", false}, {name, "a-", false}, {name, "a.b", false}, {name, "a_b", false},
		{preferred, strings.Repeat("a", 253), true}, {preferred, "1.2-3", true}, {preferred, strings.Repeat("a", 254), false},
		{preferred, "ns/pod", false}, {preferred, "a_b", false}, {preferred, ".a", false},
		{lease, strings.Repeat("a", 253), true}, {lease, strings.Repeat("a", 254), false}, {lease, "a,b", false},
	} {
		t.Run(test.key+"="+test.value, func(t *testing.T) {
			_, invalid := contract.Parse("db", optedIn(test.key, test.value))
			if valid := len(invalid) == 0; valid != test.valid {
				t.Errorf("valid is %t: %v", valid, invalid)
			}
		})
	}
}

func TestTheLeaderServiceNeedsANameOfItsOwn(t *testing.T) {
	annotations := optedIn(contract.AnnotationLeaderServiceName, "db")
	reports(t, annotations, contract.AnnotationLeaderServiceName, "db", withoutNameIf(contract.AnnotationLeaderServiceName))
}

func TestADefaultNameThatDoesNotFitMakesNoLeaderService(t *testing.T) {
	for rule, service := range map[string]string{
		"57 characters": strings.Repeat("s", 57), "63 characters": strings.Repeat("s", 63), "a digit first": "1db",
	} {
		t.Run(rule, func(t *testing.T) {
			policy, invalid := contract.Parse(service, optedIn())
			if policy.LeaderServiceName != "" || len(invalid) != 1 || invalid[0].Key != contract.AnnotationLeaderServiceName {
				t.Fatalf("name %q, reported %v", policy.LeaderServiceName, invalid)
			}
			if invalid[0].Value != "" {
				t.Errorf("reports the value %q, which nobody typed", invalid[0].Value)
			}
			isShortLine(t, invalid[0].String())
			policy, invalid = contract.Parse(service, optedIn(contract.AnnotationLeaderServiceName, "db"))
			if policy.LeaderServiceName != "db" || len(invalid) > 0 {
				t.Errorf("with a name of its own: %q, %v", policy.LeaderServiceName, invalid)
			}
		})
	}
}

func TestWhatTheOperatorWritesIsNoMistakeOnACopiedService(t *testing.T) {
	if _, invalid := contract.Parse("db", optedIn(contract.AnnotationLeaderEpoch, "3", contract.AnnotationApplied, "v1-x")); len(invalid) > 0 {
		t.Errorf("%v", invalid)
	}
}

func TestADefaultNameOf63CharactersFits(t *testing.T) {
	service := strings.Repeat("s", 56)
	policy, invalid := contract.Parse(service, optedIn())
	if policy.LeaderServiceName != service+"-leader" || len(invalid) > 0 {
		t.Errorf("%q, %v", policy.LeaderServiceName, invalid)
	}
}

func TestAnUnknownKeyIsReportedAndChangesNothing(t *testing.T) {
	longest := contract.Prefix + strings.Repeat("k", 63)
	for _, key := range []string{contract.Prefix + "stickyness", contract.Prefix + "Sticky", longest} {
		reports(t, optedIn(key, hugeValue, "zen-lead.iosticky", "x"), key, hugeValue, defaults())
	}
}

func TestBadValuesAreReportedInTheOrderOfTheSettingsAndThenByKey(t *testing.T) {
	annotations := optedIn(contract.Prefix+"b", "", contract.Prefix+"a", "")
	for key := range goodValues {
		annotations[key] = "!"
	}
	_, invalid := contract.Parse("db", annotations)
	keys := make([]string, 0, len(invalid))
	for _, bad := range invalid {
		keys = append(keys, bad.Key)
	}
	want := slices.Concat(contract.SettingKeys()[1:], []string{contract.Prefix + "a", contract.Prefix + "b"})
	if !slices.Equal(keys, want) {
		t.Errorf("\n got %v\nwant %v", keys, want)
	}
}
