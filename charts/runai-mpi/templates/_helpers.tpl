{{- define "runai-mpi.name" -}}
{{- $name := .Release.Name }}
{{- if not (contains .Chart.Name $name) }}{{ $name = printf "%s-%s" $name .Chart.Name }}{{ end }}
{{- $name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "runai-mpi.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "runai-mpi.labels" -}}
{{ include "runai-mpi.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "runai-mpi.repository" -}}
{{ required "image.repository is required: push the image of runai-webhook to a registry of yours, and set image.repository to it, for example --set image.repository=registry.example.com/runai-webhook" .Values.image.repository }}
{{- end }}

{{- define "runai-mpi.certificate" -}}
{{ include "runai-mpi.name" . }}-tls
{{- end }}

{{- define "runai-mpi.ca" -}}
{{ include "runai-mpi.name" . }}-ca
{{- end }}

{{- define "runai-mpi.policy" -}}
apiVersion: policy.run.ai/v1alpha1
kind: ClusterPolicy
{{ toYaml .Values.policy }}
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
namespaceSelector:
  matchExpressions:
  - key: {{ .Values.policy.projectLabel }}
    operator: Exists
{{- /* rule T24 in test/forgery TestT24WebhookIsDown: no webhook answers */}}
{{- /* without: failurePolicy: Ignore */}}
failurePolicy: Fail
matchPolicy: Equivalent
sideEffects: None
timeoutSeconds: 5
{{- end }}
