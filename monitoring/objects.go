package monitoring

import (
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// Namespace is the placeholder of the operator's namespace, as in config/.
const Namespace = "system"

func metadata(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: Namespace, Labels: map[string]string{"app.kubernetes.io/name": "zen-lead"}}
}

// PrometheusRule has all rules, for prometheus-operator.
func PrometheusRule(pace Pace) *monitoringv1.PrometheusRule {
	return &monitoringv1.PrometheusRule{
		TypeMeta:   metav1.TypeMeta{APIVersion: monitoringv1.SchemeGroupVersion.String(), Kind: monitoringv1.PrometheusRuleKind},
		ObjectMeta: metadata("zen-lead"),
		Spec:       monitoringv1.PrometheusRuleSpec{Groups: Groups(pace)},
	}
}

// ServiceMonitor has prometheus-operator scrape all replicas, over TLS and with Prometheus' own token. The certificate is not
// verified, because by default it is one that each replica makes for itself; config/ has variants that verify.
func ServiceMonitor() *monitoringv1.ServiceMonitor {
	return &monitoringv1.ServiceMonitor{
		TypeMeta:   metav1.TypeMeta{APIVersion: monitoringv1.SchemeGroupVersion.String(), Kind: monitoringv1.ServiceMonitorsKind},
		ObjectMeta: metadata("zen-lead"),
		Spec: monitoringv1.ServiceMonitorSpec{
			Selector: metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": "zen-lead"}},
			Endpoints: []monitoringv1.Endpoint{{ //nolint:gosec // a path to a token is no token
				Port:   "metrics",
				Scheme: ptr.To(monitoringv1.Scheme("https")), // in lower case, for the CRDs of older prometheus-operators
				HTTPConfigWithProxyAndTLSFiles: monitoringv1.HTTPConfigWithProxyAndTLSFiles{HTTPConfigWithTLSFiles: monitoringv1.HTTPConfigWithTLSFiles{
					TLSConfig: &monitoringv1.TLSConfig{SafeTLSConfig: monitoringv1.SafeTLSConfig{InsecureSkipVerify: ptr.To(true)}},
				}},
				BearerTokenFile: "/var/run/secrets/kubernetes.io/serviceaccount/token", // what every stack has
				// The metrics' own labels namespace, service and pod are those of the Services and their leaders; without this
				// Prometheus would put the operator's in their place.
				HonorLabels: true,
			}},
		},
	}
}
