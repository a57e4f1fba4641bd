{{/* What the schema cannot say in words that help. */}}
{{- define "zen-lead.validate" -}}
{{- $watch := .Values.watch }}
{{- if and (eq $watch.mode "list") (not $watch.namespaces) }}
{{- fail "\n\nwatch.mode is \"list\", but watch.namespaces is empty: name the namespaces, or set watch.mode to own or all." }}
{{- else if and (ne $watch.mode "list") $watch.namespaces }}
{{- fail (printf "\n\nwatch.namespaces names %s, but watch.mode is %q: set it to \"list\", or leave the namespaces out." (join ", " $watch.namespaces) $watch.mode) }}
{{- end }}
{{- $settled := "which the chart settles: namespaces are set by watch, metrics by metrics; probes and the Lease are where its other objects expect them." }}
{{- $flags := list "namespaces" "leader-election" "leader-election-namespace" "metrics-bind-address" "metrics-insecure" "metrics-cert-dir" "health-probe-bind-address" "check-metrics" "kubeconfig" }}
{{- range .Values.extraArgs }}
{{- if has (regexReplaceAll "^--([^=]+).*$" . "${1}") $flags }}
{{- fail (printf "\n\nextraArgs has %q, %s" . $settled) }}
{{- end }}
{{- end }}
{{- range .Values.extraEnv }}
{{- $flag := .name | trimPrefix "ZEN_LEAD_" | lower | replace "_" "-" }}
{{- if or (eq .name "WATCH_NAMESPACE") (and (hasPrefix "ZEN_LEAD_" .name) (has $flag $flags)) }}
{{- fail (printf "\n\nextraEnv has %s, %s" .name $settled) }}
{{- end }}
{{- end }}
{{- if and .Values.metrics.certificateSecret (ne .Values.metrics.mode "secure") }}
{{- fail (printf "\n\nmetrics.certificateSecret is set, but metrics.mode is %q: only secure metrics have a certificate." .Values.metrics.mode) }}
{{- end }}
{{- if and (eq .Values.metrics.mode "disabled") (ne .Values.monitoring.serviceMonitor.mode "disabled") }}
{{- fail (printf "\n\nmonitoring.serviceMonitor.mode is %q, but metrics.mode is \"disabled\": there is nothing to scrape." .Values.monitoring.serviceMonitor.mode) }}
{{- end }}
{{- if and .Values.podDisruptionBudget.enabled (gt (int .Values.replicas) 1) (ge (int .Values.podDisruptionBudget.minAvailable) (int .Values.replicas)) }}
{{- fail (printf "\n\npodDisruptionBudget.minAvailable is %d of %d replicas: no node of theirs could be drained. Set less, or more replicas." (int .Values.podDisruptionBudget.minAvailable) (int .Values.replicas)) }}
{{- end }}
{{- $prometheus := .Values.monitoring.prometheus.serviceAccount }}
{{- if ne (empty $prometheus.name) (empty $prometheus.namespace) }}
{{- fail "\n\nmonitoring.prometheus.serviceAccount needs both name and namespace, or neither." }}
{{- end }}
{{- range $key, $_ := merge dict .Values.labels .Values.podLabels .Values.monitoring.serviceMonitor.labels .Values.monitoring.prometheusRule.labels .Values.monitoring.grafanaDashboards.labels }}
{{- if has $key (list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/version" "app.kubernetes.io/managed-by" "helm.sh/chart") }}
{{- fail (printf "\n\nThe label %s is the chart's own: Services, budgets and policies select by it, or Helm does. Choose another." $key) }}
{{- end }}
{{- end }}
{{- end }}
