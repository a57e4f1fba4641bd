package bench

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestEachPodHasAnAddressOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for number := range uint32(memoryCrowd + 20000) {
		if seen[address(number)] {
			t.Fatalf("address %s occurs twice", address(number))
		}
		seen[address(number)] = true
	}
}

func TestTheCrowdHasNamesOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for number := range crowdNumber(memoryCrowd) {
		if name := number.namespace() + "/" + number.name(); seen[name] {
			t.Fatalf("name %s occurs twice", name)
		} else {
			seen[name] = true
		}
	}
	if crowdNumber(19).workload() == crowdNumber(20).workload() || crowdNumber(10).workload() != crowdNumber(19).workload() {
		t.Error("workloads do not have ten Pods each")
	}
}

func TestAReadinessPatchIsOfTwoConditionsInWholeSeconds(t *testing.T) {
	var patch struct{ Status corev1.PodStatus }
	if err := json.Unmarshal(readinessPatch(corev1.ConditionFalse, after(250)), &patch); err != nil {
		t.Fatal(err)
	}
	if len(patch.Status.Conditions) != 2 {
		t.Fatalf("conditions: %v", patch.Status.Conditions)
	}
	for _, condition := range patch.Status.Conditions {
		if condition.Status != corev1.ConditionFalse || !condition.LastTransitionTime.Time.Equal(noon) {
			t.Errorf("condition: %v", condition)
		}
	}
}
