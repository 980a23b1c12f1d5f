{{- /* The annotations of a webhook configuration, with which cert-manager's cainjector writes its caBundle. */}}
{{- define "runai-mpi.caInjection" -}}
{{- $annotations := dict }}
{{- if .Values.certManager.enabled }}
{{- if .Values.certManager.caSecretName }}
{{- $_ := set $annotations "cert-manager.io/inject-ca-from-secret" (printf "%s/%s" (include "runai-mpi.namespace" .) .Values.certManager.caSecretName) }}
{{- else if not .Values.certificate.caBundle }}
{{- $_ := set $annotations "cert-manager.io/inject-ca-from-secret" (printf "%s/%s" (include "runai-mpi.namespace" .) (include "runai-mpi.ca" .)) }}
{{- end }}
{{- end }}
{{- toYaml $annotations }}
{{- end }}

{{- define "runai-mpi.configurationMetadata" -}}
name: admission-runai-mpi
labels:
  {{- include "runai-mpi.labels" . | nindent 2 }}
{{- with merge (include "runai-mpi.caInjection" . | fromYaml) .Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
