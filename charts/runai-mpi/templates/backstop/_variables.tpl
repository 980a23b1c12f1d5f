{{- /* Whether the policies are rendered: as objects, or as files. */}}
{{- define "runai-mpi.hasPolicies" -}}
{{- with .Values.backstop }}{{ if or .renderFiles (and .enabled (not .files)) }}true{{ end }}{{ end }}
{{- end }}

{{- /* The end of the name of a policy or binding: only names of files end in .static.k8s.io. */}}
{{- define "runai-mpi.policySuffix" -}}
-{{ .what }}{{ if .root.Values.backstop.renderFiles }}.static.k8s.io{{ end }}
{{- end }}

{{- /* Whether a controller sent the request. */}}
{{- define "runai-mpi.isController" -}}
{{- $terms := list }}
{{- range .Values.backstop.controllers }}
{{- if hasSuffix "*" . }}
{{- $terms = append $terms (printf "request.userInfo.username.startsWith('%s')" (trimSuffix "*" .)) }}
{{- else }}
{{- $terms = append $terms (printf "request.userInfo.username == '%s'" .) }}
{{- end }}
{{- end }}
{{- $terms | join " || " | default "false" | printf "(%s)" }}
{{- end }}
