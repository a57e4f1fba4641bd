package chart

// matrix are values as users set them, by what they want. None needs an optional API to be there.
var matrix = map[string]string{
	"defaults":               "",
	"all namespaces":         "watch: {mode: all}",
	"two namespaces":         "watch: {mode: list, namespaces: [team-a, team-b]}",
	"one replica":            "replicas: 1",
	"another image":          "image: {repository: registry.example:5000/mirror/zen-lead, tag: 1.2.3, pullPolicy: Always}\nimagePullSecrets: [{name: mirror}]",
	"an image by its digest": "image: {tag: ignored, digest: 'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}",
	"arguments and variables": `
extraArgs: [--zap-log-level=debug]
extraEnv:
- {name: ZEN_LEAD_TAKEOVER_DELAY, value: 1s}
- {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
`,
	"rights and account of others": "rbac: {create: false}\nserviceAccount: {create: false, name: theirs}",
	"an annotated account":         "serviceAccount: {name: ours, annotations: {example.com/role: leader}}",
	"plain metrics":                "metrics: {mode: insecure}\nmonitoring: {serviceMonitor: {mode: ifAvailable}, prometheus: {serviceAccount: {name: prometheus, namespace: monitoring}}}",
	"no metrics":                   "metrics: {mode: disabled}",
	"a closed network": `
networkPolicy:
  metricsFrom:
  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}
  egress:
  - to: [{ipBlock: {cidr: 192.0.2.10/32}}]
    ports: [{port: 6443}]
`,
	"no budget and no policy": "podDisruptionBudget: {enabled: false}\nnetworkPolicy: {enabled: false}",
	"nowhere in particular":   "affinity: {nodeAffinity: null, podAntiAffinity: null}\ntolerations: []\ntopologySpreadConstraints: []\nresources: {limits: null}",
	"nearly everything": `
replicas: 3
labels: {team: platform}
podLabels: {sidecar.istio.io/inject: "false"}
podAnnotations: {example.com/note: "yes"}
priorityClassName: system-cluster-critical
nodeSelector: {kubernetes.io/os: linux}
tolerations: [{key: dedicated, operator: Equal, value: infra, effect: NoSchedule}]
podDisruptionBudget: {minAvailable: 2}
metrics: {certificateSecret: zen-lead-metrics-certificate}
monitoring:
  serviceMonitor: {mode: ifAvailable, interval: 30s, labels: {release: prometheus}}
  prometheusRule: {mode: ifAvailable, labels: {release: prometheus}}
  prometheus: {serviceAccount: {name: prometheus-k8s, namespace: monitoring}}
  grafanaDashboards: {enabled: true, namespace: team-a, labels: {team: platform}, annotations: {grafana_folder: Zen-Lead}}
  openshiftConsoleDashboards: {mode: ifAvailable}
`,
	"as a part of another chart": "global: {anything: {goes: here}}",
}
