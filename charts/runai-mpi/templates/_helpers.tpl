{{- /* The name of a Service: helm accepts releases with dots, and with a digit at the beginning. */}}
{{- define "runai-mpi.name" -}}
{{- $name := .Values.fullnameOverride | default .Release.Name }}
{{- if not (or .Values.fullnameOverride (contains .Chart.Name $name)) }}{{ $name = printf "%s-%s" $name .Chart.Name }}{{ end }}
{{- if regexMatch "^[0-9]" $name }}{{ $name = printf "%s-%s" .Chart.Name $name }}{{ end }}
{{- regexReplaceAll "-+$" ($name | replace "." "-" | trunc 50) "" }}
{{- end }}

{{- define "runai-mpi.namespace" -}}
{{ .Values.namespaceOverride | default .Release.Namespace }}
{{- end }}

{{- define "runai-mpi.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- /* A label value: at most 63 characters, without the + of a version, and with a letter or digit at its end. */}}
{{- define "runai-mpi.labelValue" -}}
{{ regexReplaceAll "[^A-Za-z0-9]+$" (. | replace "+" "_" | trunc 63) "" | quote }}
{{- end }}

{{- define "runai-mpi.ownLabels" -}}
{{ include "runai-mpi.selector" . }}
app.kubernetes.io/version: {{ include "runai-mpi.labelValue" .Chart.AppVersion }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | include "runai-mpi.labelValue" }}
{{- end }}

{{- /* The chart's own labels win, because objects are selected by them. */}}
{{- define "runai-mpi.labels" -}}
{{ merge (include "runai-mpi.ownLabels" . | fromYaml) .Values.commonLabels | toYaml }}
{{- end }}

{{- /*
The metadata of an object. It takes a dict with root, and optionally suffix (of the name), scope (Cluster: the object
has no namespace), namespace, component (for pods that are not the webhook's), labels and annotations.
*/}}
{{- define "runai-mpi.metadata" -}}
name: {{ include "runai-mpi.name" .root }}{{ .suffix }}
{{- if ne .scope "Cluster" }}
namespace: {{ .namespace | default (include "runai-mpi.namespace" .root) }}
{{- end }}
labels:
  {{- include "runai-mpi.componentLabels" . | nindent 2 }}
{{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "runai-mpi.componentLabels" -}}
{{- $labels := include "runai-mpi.labels" .root | fromYaml }}
{{- with .component }}{{ $_ := set $labels "app.kubernetes.io/name" (printf "%s-%s" ($.root.Chart.Name | trunc 50) .) }}{{ end }}
{{- merge $labels (.labels | default dict) | toYaml }}
{{- end }}

{{- define "runai-mpi.image" -}}
{{- $repository := required "image.repository is required: push the image of runai-webhook to a registry of yours, and set image.repository to it, for example --set image.repository=registry.example.com/runai-webhook" .Values.image.repository }}
{{- with .Values.image.registry }}{{ $repository = printf "%s/%s" . $repository }}{{ end }}
{{- if .Values.image.digest }}{{ printf "%s@%s" $repository .Values.image.digest | quote }}
{{- else }}{{ printf "%s:%s" $repository (.Values.image.tag | default (.Chart.AppVersion | replace "+" "_")) | quote }}{{ end }}
{{- end }}

{{- define "runai-mpi.policy" -}}
apiVersion: policy.run.ai/v1alpha1
kind: ClusterPolicy
{{ toYaml .Values.policy }}
{{- end }}

{{- /* The environment of the binary: Go keeps its memory below the container's limit, and what is not Go's has room. */}}
{{- define "runai-mpi.environment" -}}
{{- with dig "limits" "memory" "" .Values.resources }}
{{- $text := toString . }}
{{- if kindIs "float64" . }}{{ $text = int64 . | toString }}{{ end }}
{{- $number := regexFind "^[0-9]+([.][0-9]+)?" $text }}
{{- $units := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 }}
{{- $unit := trimPrefix $number $text }}
{{- if or (not $number) (not (hasKey $units $unit)) }}
{{- fail (printf "invalid resources.limits.memory %q: must be a number of bytes, or a number with the unit k, M, G, T, Ki, Mi, Gi or Ti, for example 256Mi" $text) }}
{{- end }}
- {name: GOMEMLIMIT, value: {{ mulf (float64 $number) (get $units $unit) 0.85 | int64 | quote }}}
{{- end }}
{{- end }}

{{- define "runai-mpi.container" -}}
image: {{ include "runai-mpi.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
# kubectl describe says why a container ended.
terminationMessagePolicy: FallbackToLogsOnError
{{- with include "runai-mpi.environment" . | trim }}
env:
{{ . }}
{{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
{{- end }}

{{- /* What the pods of the webhook and of the hooks have in common. */}}
{{- define "runai-mpi.pod" -}}
automountServiceAccountToken: true
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
nodeSelector:
  {{- merge (dict "kubernetes.io/os" "linux") .Values.nodeSelector | toYaml | nindent 2 }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* The policy is in an annotation of the pod and not in a ConfigMap, so that an old replica that restarts never reads a new policy. */}}
{{- define "runai-mpi.policyAnnotation" -}}
policy.run.ai/cluster-policy: |
  {{- include "runai-mpi.policy" . | nindent 2 }}
{{- end }}

{{- define "runai-mpi.policyVolume" -}}
name: policy
downwardAPI:
  items:
  - path: cluster-policy.yaml
    fieldRef: {fieldPath: "metadata.annotations['policy.run.ai/cluster-policy']"}
{{- end }}

{{- /* The selectors of the namespaces of projects: by the label, and by each former label where the newer ones are missing. */}}
{{- define "runai-mpi.namespaceSelectors" -}}
{{- $newer := list }}
{{- range prepend .Values.formerProjectLabels .Values.policy.projectLabel }}
- matchExpressions:
  - {key: {{ . | quote }}, operator: Exists}
  {{- range $newer }}
  - {key: {{ . | quote }}, operator: DoesNotExist}
  {{- end }}
  {{- $newer = append $newer . }}
{{- end }}
{{- end }}

{{- define "runai-mpi.webhook" -}}
admissionReviewVersions: [v1]
rules:
- apiGroups: [kubeflow.org]
  apiVersions: [v2beta1]
  resources: [mpijobs]
  operations: [CREATE, UPDATE]
# Most updates do not change what a job runs, and need no webhook.
matchConditions:
- name: says-what-runs
  expression: |-
    {{- include "runai-mpi.says-what-runs" . | nindent 4 }}
{{- /* rule T24 in test/forgery TestT24WebhookIsDown: no webhook answers */}}
{{- /* without: failurePolicy: Ignore */}}
failurePolicy: Fail
matchPolicy: Equivalent
sideEffects: None
timeoutSeconds: 5
{{- end }}

{{- /* The metadata of a hook: the arguments of runai-mpi.metadata, with hook and weight. Nothing stays after a success. */}}
{{- define "runai-mpi.hookMetadata" -}}
{{- $annotations := dict "helm.sh/hook" .hook "helm.sh/hook-weight" (toString .weight) "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded" }}
{{- include "runai-mpi.metadata" (merge (dict "annotations" (merge (.annotations | default dict) $annotations)) .) }}
{{- end }}

{{- /* The seconds of a duration as Go writes it, such as 1h30m. */}}
{{- define "runai-mpi.seconds" -}}
{{- $seconds := 0.0 }}
{{- range regexFindAll "[0-9.]+[^0-9.]+" . -1 }}
{{- $unit := regexReplaceAll "[0-9.]" . "" }}
{{- $seconds = addf $seconds (mulf (trimSuffix $unit . | float64) (get (dict "h" 3600 "m" 60 "s" 1) $unit | default 0)) }}
{{- end }}
{{- int64 $seconds }}
{{- end }}
