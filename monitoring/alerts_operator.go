package monitoring

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
)

const (
	// operatorReplica names the replica in texts.
	operatorReplica = "{{ $labels.namespace }}/{{ $labels.pod }}"
	// installation are the labels, added by Prometheus, that tell one installation of the operator from another.
	installation = "namespace, job"
	// replica are those that tell one replica from another.
	replica = installation + ", pod, instance"
)

// operatorAlerts are for those who run the operator.
func operatorAlerts(pace Pace) []Alert {
	return append(aliveAlerts(pace), workAlerts(pace)...)
}

// aliveAlerts are those about the operator as a whole.
func aliveAlerts(pace Pace) []Alert {
	return []Alert{
		{
			Name: "ZenLeadOperatorAbsent", Severity: SeverityCritical, HealthImpact: HealthCritical,
			Expr: "absent(zen_lead_acting)", For: 5 * time.Minute,
			Summary: "Zen-Lead has vanished from Prometheus.",
			Description: "Prometheus has had no metrics of any Zen-Lead replica for five minutes: none runs, or none can be scraped. " +
				"Leader Services go on routing as they are; if none runs, no failure of a leader is acted on.",
		},
		{
			Name: "ZenLeadNoActingReplica", Severity: SeverityCritical, HealthImpact: HealthCritical,
			Expr: fmt.Sprintf("max by (%s) (zen_lead_acting) == 0", installation), For: 2 * time.Minute,
			Summary: "No replica of Zen-Lead in {{ $labels.namespace }} acts.",
			Description: "None of the replicas of Zen-Lead in {{ $labels.namespace }} that Prometheus sees has held the Lease zen-lead for two minutes. " +
				"Standbys take over single decisions after the takeover delay; nothing else is done, such as making new leader Services. " +
				"The metrics of Services are those of the acting replica: until there is one, no alert of theirs can fire.",
		},
		{
			Name: "ZenLeadTakeovers", Severity: SeverityWarning, HealthImpact: HealthWarning,
			Expr:    fmt.Sprintf("sum by (%s) (increase(zen_lead_takeovers_total[%s])) > 0", installation, pace.of(5*time.Minute)),
			For:     10 * time.Minute,
			Summary: "Standbys of Zen-Lead in {{ $labels.namespace }} have to act.",
			Description: "For ten minutes standbys of Zen-Lead in {{ $labels.namespace }} have had to make decisions that the acting replica " +
				"should have made. " +
				"Failovers are late by the takeover delay. The acting replica is starved, cut off from the API server or lacks rights, none acts, " +
				"or the API server is slow.",
		},
		{
			Name: "ZenLeadCertificateNearExpiry", Severity: SeverityWarning, HealthImpact: HealthWarning,
			// Not at the tests' pace: the end of a certificate is a date, not a window.
			Expr:    fmt.Sprintf("min by (%s) (zen_lead_certificate_expiry_timestamp_seconds) - time() < %d", replica, 7*24*60*60),
			For:     15 * time.Minute,
			Summary: "The certificate of " + operatorReplica + " is about to expire.",
			Description: "The certificate that " + operatorReplica + " serves its metrics with expires in {{ $value | humanizeDuration }}. " +
				"Then a Prometheus that verifies certificates can no longer scrape it. Routing is not concerned.",
		},
	}
}

// workAlerts are those about what a replica does.
func workAlerts(pace Pace) []Alert {
	return append(slowAlerts(),
		Alert{
			Name: "ZenLeadReconcileErrors", Severity: SeverityWarning, HealthImpact: HealthWarning,
			Expr: fmt.Sprintf(`sum by (%s) (increase(controller_runtime_reconcile_errors_total{controller=~"zen-lead(-takeover)?"}[%s])) > 3`,
				replica, pace.of(5*time.Minute)),
			For:     10 * time.Minute,
			Summary: operatorReplica + " keeps failing.",
			Description: "The Zen-Lead replica " + operatorReplica + " has failed for ten minutes to do what some Service needs, " +
				"{{ $value | printf \"%.0f\" }} times within the last five. It tries again, ever more slowly; its log says what failed.",
		},
		Alert{
			Name: "ZenLeadAPIWritesFailing", Severity: SeverityWarning, HealthImpact: HealthWarning,
			Expr: fmt.Sprintf(`sum by (%[1]s, kind, verb) (increase(zen_lead_api_writes_total{code!~"2..|404|409"}[%[2]s])) > 3`+
				` and sum by (%[1]s, kind, verb) (increase(zen_lead_api_writes_total{code!~"2..|404|409"}[%[2]s]))`+
				` / sum by (%[1]s, kind, verb) (increase(zen_lead_api_writes_total[%[2]s])) > 0.05`, replica, pace.of(5*time.Minute)),
			For:     10 * time.Minute,
			Summary: "The API server refuses what " + operatorReplica + " writes.",
			Description: "For ten minutes more than 5 % of the requests of " + operatorReplica + " to {{ $labels.verb }} objects of kind {{ $labels.kind }} " +
				"have failed, " +
				"other than by a race with another writer: {{ $value | printf \"%.0f\" }} within the last five.",
		},
		Alert{
			Name: "ZenLeadWorkQueueSaturated", Severity: SeverityWarning, HealthImpact: HealthWarning,
			// A standby's queue is not emptied until it acts.
			Expr:    fmt.Sprintf(`sum by (%[1]s) (workqueue_depth{name="zen-lead"}) > 10 and max by (%[1]s) (zen_lead_acting) == 1`, replica),
			For:     10 * time.Minute,
			Summary: "The work queue of " + operatorReplica + " does not empty.",
			Description: "For ten minutes more than 10 Services have been waiting for the Zen-Lead replica " + operatorReplica +
				", now {{ $value | printf \"%.0f\" }}. Failing leaders go first, but reports, new Services and repairs are late.",
		},
	)
}

// slowAlerts tell of failovers that are slow, by how fast the share that may be is used up, over a long window and a short one,
// so that the alert ends soon after its cause. Source of the method and its numbers: "Alerting on SLOs" in Google's SRE Workbook.
func slowAlerts() []Alert {
	burns := []struct {
		severity    Severity
		rate        float64
		long, short time.Duration
		hold        time.Duration
	}{
		{SeverityCritical, 14.4, time.Hour, 5 * time.Minute, 6 * time.Minute}, // more than the short window: one burst calls nobody
		{SeverityWarning, 6, 6 * time.Hour, 30 * time.Minute, 0},
	}
	alerts := make([]Alert, 0, len(burns))
	for _, burn := range burns {
		alerts = append(alerts, Alert{
			Name: "ZenLeadFailoverSlow", Severity: burn.severity, HealthImpact: HealthWarning,
			Expr:    fmt.Sprintf("%[1]s > %.3[3]g and %[2]s > %.3[3]g", slowRatio(burn.long), slowRatio(burn.short), burn.rate*slowObjective),
			For:     burn.hold,
			Summary: "Failovers take longer than a second.",
			Description: fmt.Sprintf("{{ $value | humanizePercentage }} of the failovers of Zen-Lead in {{ $labels.namespace }} within %s took more "+
				"than a second "+
				"from the leader's failure being seen to the EndpointSlice being written (of %d, if there were fewer); 1 %% may. Clients wait for that long.",
				model.Duration(burn.long), fewestFailovers),
		})
	}
	return alerts
}
