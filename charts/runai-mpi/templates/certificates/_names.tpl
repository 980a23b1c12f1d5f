{{- define "runai-mpi.certificate" -}}
{{ include "runai-mpi.name" . }}-tls
{{- end }}

{{- define "runai-mpi.ca" -}}
{{ include "runai-mpi.name" . }}-ca
{{- end }}

{{- define "runai-mpi.certificateSecret" -}}
{{ ternary (include "runai-mpi.certificate" .) .Values.certificate.secretName .Values.certManager.enabled }}
{{- end }}
