package monitoring

import (
	"fmt"
	"time"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Groups are all rules: what is recorded, alerts for the owners of Services, alerts for those who run the operator.
func Groups(pace Pace) []monitoringv1.RuleGroup {
	return []monitoringv1.RuleGroup{
		{Name: "zen-lead.rules", Rules: recordingRules(pace)},
		availabilityRules(pace),
		{Name: "zen-lead.services", Rules: alertRules(serviceAlerts(pace), pace)},
		{Name: "zen-lead.operator", Rules: alertRules(operatorAlerts(pace), pace)},
	}
}

// Alerts are all alerts, in the order of the groups. The same name may come twice, with different severities.
func Alerts(pace Pace) []Alert {
	return append(serviceAlerts(pace), operatorAlerts(pace)...)
}

// Severity is how soon somebody must act. Source: the operator SDK's "Operator Observability Best Practices".
type Severity string

// The severities in use.
const (
	// SeverityCritical calls somebody at once.
	SeverityCritical Severity = "critical"
	// SeverityWarning wants to be looked at in working hours.
	SeverityWarning Severity = "warning"
)

// HealthImpact is what an alert says of the operator itself. Same source.
type HealthImpact string

// The health impacts.
const (
	// HealthNone is a matter of the workload or its settings; the operator is well.
	HealthNone HealthImpact = "none"
	// HealthWarning is an operator that may soon fail.
	HealthWarning HealthImpact = "warning"
	// HealthCritical is an operator that does not do its work.
	HealthCritical HealthImpact = "critical"
)

// Alert is something that somebody must do something about: nothing that heals by itself.
type Alert struct {
	// Name is the alert's, and its runbook's.
	Name string
	// Severity and HealthImpact become labels.
	Severity     Severity
	HealthImpact HealthImpact
	// Expr is PromQL that returns something while the alert's cause is there.
	Expr string
	// For is how long it must do so without a break until the alert fires, in earnest.
	For time.Duration
	// Summary is one line; Description says what is the matter, with whom, and what it means. Both are Prometheus templates.
	Summary, Description string
}

// RunbookURL is where people find what to do.
func (a Alert) RunbookURL() string {
	return fmt.Sprintf("https://github.com/zen-lead/zen-lead/blob/main/docs/runbooks/%s.md", a.Name)
}

func alertRules(alerts []Alert, pace Pace) []monitoringv1.Rule {
	rules := make([]monitoringv1.Rule, 0, len(alerts))
	for _, alert := range alerts {
		rule := monitoringv1.Rule{
			Alert: alert.Name,
			Expr:  intstr.FromString(alert.Expr),
			Labels: map[string]string{
				"severity": string(alert.Severity), "operator_health_impact": string(alert.HealthImpact),
				"kubernetes_operator_part_of": "zen-lead", "kubernetes_operator_component": "zen-lead",
			},
			Annotations: map[string]string{
				"summary": alert.Summary, "description": alert.Description, "runbook_url": alert.RunbookURL(),
			},
		}
		if alert.For > 0 {
			rule.For = (*monitoringv1.Duration)(new(pace.of(alert.For)))
		}
		rules = append(rules, rule)
	}
	return rules
}

// recorded is a rule that keeps the result of an expression under a name: level:metric:operations.
func recorded(name, expr string) monitoringv1.Rule {
	return monitoringv1.Rule{Record: name, Expr: intstr.FromString(expr)}
}
