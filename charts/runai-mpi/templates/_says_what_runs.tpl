{{- /*
An expression that is false for an update that leaves the job as it is, or with which a queue steers it, so that
queues can suspend and resume jobs while the webhook is down. It compares every key of the objects but a few,
so that a field that nobody knows is judged. Each pair is compared in both directions. Maps with more than
100 keys are judged, which bounds the cost.
*/}}
{{- define "runai-mpi.says-what-runs" -}}
request.operation != 'UPDATE' ||
object.metadata.?labels.orValue({}) != oldObject.metadata.?labels.orValue({}) ||
object.metadata.?annotations.orValue({}) != oldObject.metadata.?annotations.orValue({}) ||
object.?spec != oldObject.?spec && ![[object, oldObject], [oldObject, object]].all(jobs,
  [jobs.map(x, x.?spec.orValue({}))].all(s,
    size(s[0]) <= 100 &&
    {{- /* rule T12 in test/integration TestSteeringWhileTheWebhookIsDown: to change a job by an update that skips the webhook */}}
    {{- /* without: true && */}}
    s[0].all(k, k in ['runPolicy', 'mpiReplicaSpecs'] || k in s[1] && s[0][k] == s[1][k]) &&
    [s.map(x, x.?runPolicy.orValue({}))].all(p,
      size(p[0]) <= 100 &&
      p[0].all(k, k == 'suspend' || k in p[1] && p[0][k] == p[1][k])) &&
    [s.map(x, x.?mpiReplicaSpecs.orValue({}))].all(roles,
      size(roles[0]) <= 10 &&
      roles[0].all(role, role in roles[1] && [roles.map(x, x[role])].all(r,
        size(r[0]) <= 100 &&
        r[0].all(k, k == 'template' || k in r[1] && r[0][k] == r[1][k]) &&
        [r.map(x, x.?template.orValue({}))].all(t,
          size(t[0]) <= 100 &&
          {{- /* rule T12 in test/integration TestSteeringWhileTheWebhookIsDown: in a field that nobody knows yet */}}
          {{- /* without: true && */}}
          t[0].all(k, k in ['metadata', 'spec'] || k in t[1] && t[0][k] == t[1][k]) &&
          [t.map(x, x.?metadata.orValue({}))].all(m,
            size(m[0]) <= 100 &&
            m[0].all(k, k in ['labels', 'annotations'] || k in m[1] && m[0][k] == m[1][k]) &&
            ['labels', 'annotations'].all(f, [m.map(x, x[?f].orValue({}))].all(a,
              size(a[0]) <= 100 &&
              a[0].all(k, k in a[1] && a[0][k] == a[1][k] ||
                {{- /* rule T12 in test/integration TestSteeringWhileTheWebhookIsDown: in an annotation that loosens a pod */}}
                {{- /* without: true)))) && */}}
                k.startsWith('kueue.x-k8s.io/') && k != '{{ .Values.policy.scheduling.queueLabel }}')))) &&
          [t.map(x, x.?spec.orValue({}))].all(p,
            size(p[0]) <= 100 &&
            {{- /* rule T12 in test/integration TestSteeringWhileTheWebhookIsDown: in what a pod runs */}}
            {{- /* without: true && */}}
            p[0].all(k, k in ['nodeSelector', 'tolerations', 'schedulingGates'] || k in p[1] && p[0][k] == p[1][k]) &&
            {{- /* rule T12 in test/integration TestSteeringWhileTheWebhookIsDown: to lead it to a Windows node, which knows no uid */}}
            {{- /* without: true && */}}
            ['kubernetes.io/os', 'beta.kubernetes.io/os'].all(k, p[0].?nodeSelector[?k] == p[1].?nodeSelector[?k]) &&
            [p[0].?schedulingGates.orValue([])].all(gates,
              size(gates) <= 100 && !gates.exists(g, g.?name == optional.of('run.ai/admission'))))))))))
{{- end }}
