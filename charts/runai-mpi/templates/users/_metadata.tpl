{{- /*
The metadata of an object that is not the webhook's. It takes a dict with root and name, and optionally namespace,
labels, and keep: the object stays when the chart is uninstalled.
*/}}
{{- define "runai-mpi.userMetadata" -}}
name: {{ toJson .name }}
{{- with .namespace }}
namespace: {{ toJson . }}
{{- end }}
labels:
  {{- merge (include "runai-mpi.ownLabels" .root | fromYaml) (.labels | default dict) .root.Values.commonLabels | toYaml | nindent 2 }}
{{- with merge (ternary (dict "helm.sh/resource-policy" "keep") (dict) (.keep | default false)) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
