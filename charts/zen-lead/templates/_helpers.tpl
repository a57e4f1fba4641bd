{{/* All objects of the chart are named as those of config/ are: rules, dashboards and runbooks know these names. */}}
{{- define "zen-lead.selectorLabels" -}}
app.kubernetes.io/name: zen-lead
{{- end }}

{{- define "zen-lead.labels" -}}
{{ include "zen-lead.selectorLabels" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "zen-lead.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "zen-lead.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default "zen-lead" }}
{{- end }}

{{/* The operator's ServiceAccount, as the subject of a binding. */}}
{{- define "zen-lead.subject" -}}
- kind: ServiceAccount
  name: {{ include "zen-lead.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/*
Not empty if an object of a kind is to be made. A list of the root, the name of the value, the value (disabled, ifAvailable or required),
the API as Capabilities.APIVersions has it, and who brings that API.
*/}}
{{- define "zen-lead.wanted" -}}
{{- $root := index . 0 }}{{ $name := index . 1 }}{{ $mode := index . 2 }}{{ $api := index . 3 }}{{ $from := index . 4 }}
{{- if ne $mode "disabled" }}
{{- if $root.Capabilities.APIVersions.Has $api }}
{{- true }}
{{- else if eq $mode "required" }}
{{- fail (printf "\n\n%s is \"required\", but the cluster does not know %s, which %s brings. Install that first, or set ifAvailable or disabled. (helm template asks no cluster: give it --api-versions %s.)" $name $api $from $api) }}
{{- end }}
{{- end }}
{{- end }}

{{/* An object that is generated, as a dict of root, file, namespace, labels, annotations, and of endpoint: fields of a
ServiceMonitor's, of which null takes one away. */}}
{{- define "zen-lead.generated" -}}
{{- $object := .root.Files.Get .file | fromYaml }}
{{- $_ := set $object.metadata "namespace" .namespace }}
{{- $own := include "zen-lead.labels" .root | fromYaml }}
{{- $_ := set $object.metadata "labels" (mergeOverwrite (deepCopy (.labels | default dict)) $object.metadata.labels $own) }}
{{- with .annotations }}
{{- $_ := set $object.metadata "annotations" . }}
{{- end }}
{{- range $field, $value := .endpoint | default dict }}
{{- $_ := set (index $object.spec.endpoints 0) $field $value }}
{{- if kindIs "invalid" $value }}
{{- $_ := unset (index $object.spec.endpoints 0) $field }}
{{- end }}
{{- end }}
{{- toYaml $object }}
{{- end }}
