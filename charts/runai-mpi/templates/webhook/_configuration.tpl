{{- define "runai-mpi.configurationMetadata" -}}
{{- $annotations := dict }}
{{- if .Values.certManager.enabled }}
{{- if .Values.certManager.caSecretName }}
{{- $_ := set $annotations "cert-manager.io/inject-ca-from-secret" (printf "%s/%s" (include "runai-mpi.namespace" .) .Values.certManager.caSecretName) }}
{{- else if not .Values.certificate.caBundle }}
{{- $_ := set $annotations "cert-manager.io/inject-ca-from-secret" (printf "%s/%s" (include "runai-mpi.namespace" .) (include "runai-mpi.ca" .)) }}
{{- end }}
{{- end }}
name: admission-runai-mpi
labels:
  {{- include "runai-mpi.labels" . | nindent 2 }}
{{- with merge $annotations .Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
