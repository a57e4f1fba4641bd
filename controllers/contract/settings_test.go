package contract_test

import (
	"testing"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

func TestWhatIsInForceCouldHaveBeenTyped(t *testing.T) {
	for _, setting := range contract.Settings() {
		annotations := map[string]string{contract.AnnotationEnabled: "true"}
		if good, differs := goodValues[setting.Key]; differs {
			annotations[setting.Key] = good.value
		}
		policy, invalid := contract.Parse("db", annotations)
		if len(invalid) > 0 {
			t.Fatal(invalid)
		}
		inForce := setting.InForce(policy)
		annotations[setting.Key] = inForce
		again, invalid := contract.Parse("db", annotations)
		if again != policy || len(invalid) > 0 {
			t.Errorf("%s: %q is in force; typed, it makes %+v of %+v (%v)", setting.Key, inForce, again, policy, invalid)
		}
	}
}
