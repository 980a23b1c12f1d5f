{{- /* The file of runai-webhook directory sync. */}}
{{- define "runai-mpi.directoryConfig" -}}
apiVersion: policy.run.ai/v1alpha1
kind: DirectorySync
{{- with .Values.directorySync.config }}
{{ toYaml . }}
{{- end }}
{{- if .Values.directorySync.passwordSecret.name }}
passwordFile: /etc/runai-mpi/password/password
{{- end }}
{{- if .Values.directorySync.caConfigMap.name }}
caFile: /etc/runai-mpi/ca/ca.crt
{{- end }}
{{- end }}
