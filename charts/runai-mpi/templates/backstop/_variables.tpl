{{- /* Whether the policies are rendered: as objects, or as files. */}}
{{- define "runai-mpi.hasPolicies" -}}
{{- with .Values.backstop }}{{ if or .renderFiles (and .enabled (not .files)) }}true{{ end }}{{ end }}
{{- end }}

{{- /* The end of the name of a policy or binding: only names of files end in .static.k8s.io. */}}
{{- define "runai-mpi.policySuffix" -}}
-backstop-{{ .what }}
{{- /* rule T59 in test/backstop TestT58Kinds: an administrator who deletes the policies */}}
{{- if .root.Values.backstop.renderFiles }}.static.k8s.io{{ end }}
{{- end }}

{{- /* The head of a policy. It takes a dict with root and what. */}}
{{- define "runai-mpi.backstopPolicy" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  {{- include "runai-mpi.metadata" (dict "root" .root "suffix" (include "runai-mpi.policySuffix" .) "scope" "Cluster") | nindent 2 }}
{{- end }}

{{- /* The binding of a policy. It takes a dict with root, what and, for a policy of namespaces themselves, everywhere. */}}
{{- define "runai-mpi.backstopBinding" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  {{- include "runai-mpi.metadata" (dict "root" .root "suffix" (include "runai-mpi.policySuffix" .) "scope" "Cluster") | nindent 2 }}
spec:
  policyName: {{ include "runai-mpi.name" .root }}{{ include "runai-mpi.policySuffix" . }}
  validationActions: [Deny]
  {{- if not .everywhere }}
  matchResources:
    namespaceSelector:
      matchLabels: {run.ai/identity: Required}
  {{- end }}
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

{{- /* Whether the MPI Operator sent the request. */}}
{{- define "runai-mpi.isOperator" -}}
request.userInfo.username == '{{ .Values.backstop.operator }}'
{{- end }}

{{- /* A condition of a policy that judges only people, and controllers that no value names. */}}
{{- define "runai-mpi.onlyPeople" -}}
- name: is-not-a-controller
  expression: {{ printf "!(%s || %s)" (include "runai-mpi.isOperator" .) (include "runai-mpi.isController" .) | toJson }}
{{- end }}

{{- /* The kinds that are pods, or from which a controller makes pods. */}}
{{- define "runai-mpi.kindsWithTemplates" -}}
{{- /* rule T58 in test/backstop TestT58Kinds: a pod */}}
- {apiGroups: [""], apiVersions: ["*"], resources: [pods], operations: [CREATE]}
{{- /* rule T58 in test/backstop TestT58Kinds: a ReplicationController */}}
- {apiGroups: [""], apiVersions: ["*"], resources: [replicationcontrollers], operations: [CREATE, UPDATE]}
{{- /* rule T58 in test/backstop TestT58Kinds: a DaemonSet, a Deployment, a ReplicaSet and a StatefulSet */}}
- {apiGroups: [apps], apiVersions: ["*"], resources: [daemonsets, deployments, replicasets, statefulsets], operations: [CREATE, UPDATE]}
{{- /* rule T58 in test/backstop TestT58Kinds: a CronJob and a Job */}}
- {apiGroups: [batch], apiVersions: ["*"], resources: [cronjobs, jobs], operations: [CREATE, UPDATE]}
{{- /* rule T58 in test/backstop TestT58Kinds: a JobSet */}}
- {apiGroups: [jobset.x-k8s.io], apiVersions: ["*"], resources: [jobsets], operations: [CREATE, UPDATE]}
{{- end }}

{{- /* The pod, or the templates of pods, in an object of these kinds. It takes the name of the object in CEL. */}}
{{- define "runai-mpi.templatesOf" -}}
(request.resource.resource == "pods" ? [{{ . }}] :
request.resource.resource == "cronjobs" ? [{{ . }}.spec.jobTemplate.spec.template] :
request.resource.resource == "jobsets" ? {{ . }}.spec.?replicatedJobs.orValue([]).map(j, j.template.spec.template) :
has({{ . }}.spec.template) ? [{{ . }}.spec.template] : [])
{{- end }}

{{- /* A condition of a policy that judges templates: an update that leaves them, and their claims, as they are is not judged. */}}
{{- define "runai-mpi.templatesChange" -}}
- name: templates-change
  expression: >-
    request.operation == "CREATE" ||
    {{ include "runai-mpi.templatesOf" "object" | replace "\n" " " }} != {{ include "runai-mpi.templatesOf" "oldObject" | replace "\n" " " }} ||
    {{ include "runai-mpi.claimsOf" "object" | replace "\n" " " }} != {{ include "runai-mpi.claimsOf" "oldObject" | replace "\n" " " }}
{{- end }}

{{- /* The variables of a policy that judges templates: pods, and all their containers. */}}
{{- define "runai-mpi.podVariables" -}}
- name: pods
  expression: >-
    {{ include "runai-mpi.templatesOf" "object" | replace "\n" " " }}.map(t, {
      "metadata": dyn(t.?metadata.orValue({})),
      "spec": dyn(t.spec),
      "security": dyn(t.spec.?securityContext.orValue({})),
      "containers": dyn(t.spec.?initContainers.orValue([]) + t.spec.containers)
    })
{{- end }}

{{- /*
The annotations that people's pods may have, as keys and as domains: those that the cluster policy lists, and those that
API servers write. The policy "confinement" judges what the one of AppArmor says.
*/}}
{{- define "runai-mpi.openAnnotations" -}}
{{- $keys := list "kubernetes.io/limit-ranger" "openshift.io/scc" "security.openshift.io/validated-scc-subject-type" }}
{{- $domains := list "container.apparmor.security.beta.kubernetes.io/" }}
{{- range .Values.policy.identity.podAnnotations }}
{{- if hasSuffix "/*" . }}{{ $domains = append $domains (trimSuffix "*" .) }}{{ else }}{{ $keys = append $keys . }}{{ end }}
{{- end }}
{{- list $keys $domains | toJson }}
{{- end }}

{{- /* Lists of the claims that a controller makes for the pods of an object of these kinds. It takes the name of the object in CEL. */}}
{{- define "runai-mpi.claimsOf" -}}
(request.resource.resource == "statefulsets" ? [{{ . }}.spec.?volumeClaimTemplates.orValue([])] :
request.resource.resource == "jobsets" ? {{ . }}.spec.?volumeClaimPolicies.orValue([]).map(p, p.?templates.orValue([])) : [])
{{- end }}
