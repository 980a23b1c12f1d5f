{{- /* The subjects of a binding, from a list of users, groups and service accounts. */}}
{{- define "runai-mpi.subjects" -}}
{{- range .users }}
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: {{ toJson . }}}
{{- end }}
{{- range .groups }}
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: {{ toJson . }}}
{{- end }}
{{- range .serviceAccounts }}
- {kind: ServiceAccount, namespace: {{ toJson .namespace }}, name: {{ toJson .name }}}
{{- end }}
{{- end }}
