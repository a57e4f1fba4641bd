package contract_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"pgregory.net/rapid"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

func FuzzParse(f *testing.F) {
	f.Add("db", "true", "primary", "false", "1.5s", "90s", "oldest-ready", "db-0", "true", "lock", "x", uint16(0xffff))
	f.Add("db", "true", "db", "no", "1h1ns", "-5m", "", "A", "", "a_b", "\n", uint16(0xffff))
	f.Add(strings.Repeat("s", 57), "true", "", "", "", "", "", "", "", "", "", uint16(1))
	f.Fuzz(func(t *testing.T, service, enabled, name, sticky, minReady, delay, strategy, preferred, paused, lease, unknown string, present uint16) {
		values := []string{enabled, name, sticky, minReady, delay, strategy, preferred, paused, lease, unknown}
		annotations := map[string]string{}
		for i, key := range append(contract.SettingKeys(), contract.Prefix+"no-such-setting") {
			if present&(1<<i) != 0 {
				annotations[key] = values[i]
			}
		}
		isSound(t, service, annotations)
	})
}

// anyAnnotations are maps with anything at all in them, settings and keys of ours among them.
var anyAnnotations = rapid.MapOf(
	rapid.OneOf(
		rapid.SampledFrom(contract.SettingKeys()), rapid.Just(contract.AnnotationEnabled), rapid.String(),
		rapid.Map(rapid.String(), func(name string) string { return contract.Prefix + name }),
		rapid.Map(rapid.IntRange(0, 40), func(i int) string { return fmt.Sprint(contract.Prefix, "k", i) }),
	),
	rapid.OneOf(rapid.SampledFrom([]string{
		"true", "true", "false", "", "db", "1s", "oldest-ready", "\x1b[31m", "\n", "\xff", hugeValue, "0" + strings.Repeat("0", 300) + "1s",
		strings.Repeat("1s", 200), strings.Repeat("a", 254), "a" + strings.Repeat("é", 200),
	}), rapid.String()),
)

// anyMapIsSound checks what holds for any annotations, on any Service.
func anyMapIsSound(t *rapid.T) {
	service, annotations := rapid.OneOf(rapid.Just("db"), rapid.String()).Draw(t, "service"), anyAnnotations.Draw(t, "annotations")
	isSound(t, service, annotations)
	keptSaysTheSame(t, service, annotations)
}

// keptSaysTheSame checks that what is kept in memory of annotations is little, and read as they are.
func keptSaysTheSame(t rapid.TB, service string, annotations map[string]string) {
	kept := contract.Kept(annotations)
	size := 0
	for key, value := range kept {
		size += len(value)
		if !strings.HasPrefix(value, annotations[key][:min(len(value), len(annotations[key]))]) {
			t.Errorf("%q is kept as %q", annotations[key], value)
		}
	}
	most := len(contract.SettingKeys()) + len(contract.Written()) + contract.MaxUnknownKeys
	if len(kept) > most || size > most*(contract.MaxValueLength+1) {
		t.Errorf("%d annotations with %d bytes are kept", len(kept), size)
	}
	policy, invalid := contract.Parse(service, annotations)
	keptPolicy, keptInvalid := contract.Parse(service, kept)
	if policy != keptPolicy || !slices.EqualFunc(invalid, keptInvalid, func(a, b contract.InvalidAnnotation) bool { return a.String() == b.String() }) {
		t.Errorf("\n%+v %v as typed,\n%+v %v as kept", policy, invalid, keptPolicy, keptInvalid)
	}
}

func TestAnyAnnotationsAreSoundAndKeptInLittle(t *testing.T) { rapid.Check(t, anyMapIsSound) }

func TestAKeyThatCannotBePrintedIsReportedInOneLine(t *testing.T) {
	isSound(t, "db", map[string]string{contract.AnnotationEnabled: "true", contract.Prefix + "\x00\n": ""})
}

func FuzzParseAnyMap(f *testing.F) {
	random := rand.NewChaCha8([32]byte{1})
	for range 8 {
		seed := make([]byte, 4<<10)
		_, _ = random.Read(seed) // cannot fail
		f.Add(seed)
	}
	f.Fuzz(rapid.MakeFuzz(anyMapIsSound))
}

func TestOfKeysThatAreNoneOfOursTheFirstAreReported(t *testing.T) {
	annotations := optedIn()
	for i := range 10_000 {
		annotations[fmt.Sprintf("%sk%05d", contract.Prefix, i)] = "x"
	}
	_, invalid := contract.Parse("db", annotations)
	if len(invalid) != contract.MaxUnknownKeys || invalid[0].Key != contract.Prefix+"k00000" || invalid[15].Key != contract.Prefix+"k00015" {
		t.Errorf("reported %v", invalid)
	}
}

// isSound checks what holds for any annotations.
func isSound(t rapid.TB, service string, annotations map[string]string) {
	policy, invalid := contract.Parse(service, annotations)
	again, invalidAgain := contract.Parse(service, maps.Clone(annotations))
	if policy != again || !slices.Equal(invalid, invalidAgain) {
		t.Errorf("not deterministic: %+v %v, then %+v %v", policy, invalid, again, invalidAgain)
	}
	if policy.MinReadyDuration < 0 || policy.MinReadyDuration > time.Hour ||
		policy.FailoverMinDelay < 0 || policy.FailoverMinDelay > 5*time.Minute {
		t.Errorf("out of bounds: %+v", policy)
	}
	if name := policy.LeaderServiceName; policy.Enabled && name != "" && (name == service || len(validation.IsDNS1035Label(name)) > 0) {
		t.Errorf("leader Service name %q of %q", name, service)
	}
	if policy.Enabled != contract.OptedIn(annotations) {
		t.Errorf("enabled is %t", policy.Enabled)
	}
	reported := map[string]bool{}
	for _, bad := range invalid {
		reported[bad.Key] = true
		isShortLine(t, bad.String())
	}
	defaultsStandFor(t, service, annotations, policy, reported)
}

// defaultsStandFor checks that a bad value does as if it was not there; a bad name, that there is none.
func defaultsStandFor(t rapid.TB, service string, annotations map[string]string, policy contract.Policy, bad map[string]bool) {
	good := maps.Clone(annotations)
	maps.DeleteFunc(good, func(key, _ string) bool { return bad[key] })
	want, stillBad := contract.Parse(service, good)
	if bad[contract.AnnotationLeaderServiceName] {
		want.LeaderServiceName, stillBad = "", nil // the default name may be bad too
	}
	if policy != want || len(stillBad) > 0 {
		t.Errorf("with bad values %+v, without them %+v and %v", policy, want, stillBad)
	}
}
