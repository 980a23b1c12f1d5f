package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/cli/state"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
)

const recordings = "../../cli/state/testdata"

// A recording is what the cluster says about a job, without what describe does not read.
type recording struct {
	Now      time.Time               `json:"now"`
	Job      *v2beta1.MPIJob         `json:"job"`
	Pods     []corev1.Pod            `json:"pods"`
	Events   []corev1.Event          `json:"events"`
	Workload *state.Workload         `json:"workload,omitempty"`
	Pending  *state.PendingWorkloads `json:"pending,omitempty"`
	Log      string                  `json:"log,omitempty"`
}

func writeRecording(t *testing.T, of jobState, namespace, name string) {
	t.Helper()
	r := recording{Now: time.Now().UTC().Truncate(time.Second), Job: lean(product.Job(t, namespace, name))}
	for _, pod := range product.Pods(t, namespace, client.MatchingLabels{v2beta1.JobNameLabel: name}) {
		r.Pods = append(r.Pods, leanPod(pod))
		isLauncher := pod.Labels[v2beta1.JobRoleLabel] == "launcher"
		if isLauncher && (of.name == "failed" || of.name == "out-of-memory") {
			r.Log, _, _ = product.Kubectl(t.Context(), nil, "logs", pod.Name, "-n", namespace, "--tail=10")
		}
	}
	var events corev1.EventList
	if err := product.Client.List(t.Context(), &events, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	for _, event := range events.Items {
		if strings.Contains(event.InvolvedObject.Name, name) { // a namespace with a queue has other jobs, too
			r.Events = append(r.Events, leanEvent(event))
		}
	}
	r.askKueue(t, namespace)
	text := r.text(t)
	archive := &txtar.Archive{
		Comment: []byte(of.comment + "\n"),
		Files:   []txtar.File{{Name: "recording.yaml", Data: []byte(anonymous(text, namespace))}},
	}
	if err := os.WriteFile(filepath.Join(recordings, of.name+".txtar"), txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// text returns the recording as YAML, without empty fields.
func (r recording) text(t *testing.T) string {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		t.Fatal(err)
	}
	written, err := yaml.Marshal(withoutEmpty(fields))
	if err != nil {
		t.Fatal(err)
	}
	return string(written)
}

// withoutEmpty removes what is null, "" or without fields. States such as an empty "waiting" stay: they mean something.
func withoutEmpty(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, field := range value {
			field = withoutEmpty(field)
			inner, isMap := field.(map[string]any)
			if field == nil || field == "" || isMap && len(inner) == 0 && !slices.Contains([]string{"waiting", "running"}, key) {
				delete(value, key)
				continue
			}
			value[key] = field
		}
	case []any:
		for i := range value {
			value[i] = withoutEmpty(value[i])
		}
	}
	return value
}

// anonymous replaces the names of a project, and addresses of this machine.
func anonymous(text, namespace string) string {
	project := strings.TrimPrefix(namespace, "runai-")
	return strings.NewReplacer(namespace, "runai-team-a", project, "team-a", lab.HostAddress, "git.example.com",
		lab.Registry, "registry.example.com").Replace(text)
}

func lean(job *v2beta1.MPIJob) *v2beta1.MPIJob {
	short := &v2beta1.MPIJob{ObjectMeta: leanMeta(job.ObjectMeta), Spec: *job.Spec.DeepCopy(), Status: job.Status}
	short.Annotations = job.Annotations
	if applied := strings.Fields(short.Annotations[annotations.AppliedPoliciesKey]); len(applied) > 1 {
		short.Annotations[annotations.AppliedPoliciesKey] = applied[0] + " v1.0.0"
	}
	for _, replica := range short.Spec.MPIReplicaSpecs {
		spec := replica.Template.Spec
		replica.Template = corev1.PodTemplateSpec{Spec: leanSpec(spec)}
	}
	return short
}

func leanPod(pod corev1.Pod) corev1.Pod {
	short := corev1.Pod{ObjectMeta: leanMeta(pod.ObjectMeta), Spec: leanSpec(pod.Spec), Status: pod.Status}
	short.Status.PodIP, short.Status.PodIPs, short.Status.HostIPs, short.Status.QOSClass = "", nil, nil, ""
	for _, all := range [][]corev1.ContainerStatus{short.Status.InitContainerStatuses, short.Status.ContainerStatuses} {
		for i, status := range all {
			all[i] = corev1.ContainerStatus{
				Name: status.Name, State: status.State, LastTerminationState: status.LastTerminationState, Ready: status.Ready,
				RestartCount: status.RestartCount, Image: status.Image, Started: status.Started,
			}
		}
	}
	return short
}

func leanMeta(meta metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: meta.Name, Namespace: meta.Namespace, UID: meta.UID, Labels: meta.Labels,
		CreationTimestamp: meta.CreationTimestamp, DeletionTimestamp: meta.DeletionTimestamp,
	}
}

func leanSpec(spec corev1.PodSpec) corev1.PodSpec {
	short := corev1.PodSpec{NodeName: spec.NodeName, SchedulerName: spec.SchedulerName, SchedulingGates: spec.SchedulingGates}
	short.Containers, short.InitContainers = leanContainers(spec.Containers), leanContainers(spec.InitContainers)
	return short
}

func leanContainers(all []corev1.Container) []corev1.Container {
	short := make([]corev1.Container, 0, len(all))
	for _, container := range all {
		short = append(short, corev1.Container{
			Name: container.Name, Image: container.Image, Resources: container.Resources, RestartPolicy: container.RestartPolicy,
		})
	}
	return slices.Clip(short)
}

func leanEvent(event corev1.Event) corev1.Event {
	of := event.InvolvedObject
	return corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: event.Name, CreationTimestamp: event.CreationTimestamp},
		InvolvedObject: corev1.ObjectReference{Kind: of.Kind, Name: of.Name, UID: of.UID},
		Type:           event.Type, Reason: event.Reason, Message: event.Message, Count: event.Count,
		FirstTimestamp: event.FirstTimestamp, LastTimestamp: event.LastTimestamp, EventTime: event.EventTime, Series: event.Series,
	}
}

// askKueue records what Kueue says, if the job is in one of its queues.
func (r *recording) askKueue(t *testing.T, namespace string) {
	t.Helper()
	get := func(path string, into any) bool {
		text, _, err := product.Kubectl(t.Context(), nil, "get", "--raw", path)
		return err == nil && json.Unmarshal([]byte(text), into) == nil
	}
	var workloads struct{ Items []state.Workload }
	ofJob := "/workloads?labelSelector=kueue.x-k8s.io/job-uid=" + string(r.Job.UID)
	if !get("/apis/kueue.x-k8s.io/v1beta2/namespaces/"+namespace+ofJob, &workloads) || len(workloads.Items) == 0 {
		return
	}
	r.Workload = &workloads.Items[0]
	r.Workload.ObjectMeta = leanMeta(r.Workload.ObjectMeta)
	r.Pending = &state.PendingWorkloads{}
	get("/apis/visibility.kueue.x-k8s.io/v1beta2/namespaces/"+namespace+"/localqueues/research/pendingworkloads", r.Pending)
	for i, pending := range r.Pending.Items {
		r.Pending.Items[i].ObjectMeta = leanMeta(pending.ObjectMeta)
	}
}
