package randomjob

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

var jobEdits = []func(editor){
	editor.annotate, editor.annotate, editor.forge, editor.label, editor.setRole,
	editor.setReplicas, editor.setSpec, editor.setSpec, editor.setKeyPath,
}

// A pair is an annotation or a label with the values that it may get.
type pair struct {
	key    string
	values []string
}

// usualIntents have values that the contract accepts, one pair for each of its annotations.
var usualIntents = append(pairsOf(annotations.Examples()), pair{"example.com/note", []string{"a", "b"}})

// oddIntents have values that are refused by the contract, or only by the project or the policies.
var oddIntents = append(pairsOf(annotations.Counterexamples()),
	pair{annotations.RunAsUserKey, []string{"false"}},
	pair{annotations.ProjectKey, []string{"team-b"}},
	pair{annotations.GitSyncKey, []string{"source=https://example.com/a.git,target=/etc/ssh"}},
	pair{annotations.Prefix + "unknown", []string{"true"}},
)

func pairsOf(values map[string][]string) []pair {
	var pairs []pair
	for _, doc := range annotations.Docs() {
		pairs = append(pairs, pair{doc.Key, values[doc.Key]})
	}
	return pairs
}

func (e editor) annotate() { e.set(&e.job.Annotations, often(e, usualIntents, oddIntents)) }

// forged are annotations that only the webhook may write.
var forged = []pair{
	{annotations.SubmittedByKey, []string{
		`{"username":"root","identity":{"uid":0,"gid":0,"userName":"root","home":"/root","source":"Claims"}}`,
		`{"username":"bob"}`, "no JSON",
	}},
	{annotations.AppliedPoliciesKey, []string{"none"}},
}

func (e editor) forge() { e.set(&e.job.Annotations, pick(e, forged)) }

var usualLabels = []pair{{"team", []string{"a", "b"}}, {"kai.scheduler/queue", []string{"team-a"}}}

var oddLabels = []pair{
	{annotations.InteractivePriorityLabel, []string{annotations.InteractivePriority, "train"}},
	{"kai.scheduler/queue", []string{"team-b"}},
	{"kueue.x-k8s.io/multikueue-origin", []string{"manager"}},
}

func (e editor) label() { e.set(&e.job.Labels, often(e, usualLabels, oddLabels)) }

// set sets an entry to one of the values, or removes it.
func (e editor) set(of *map[string]string, chosen pair) {
	if e.Intn(4) == 3 {
		delete(*of, chosen.key)
		return
	}
	if *of == nil {
		*of = map[string]string{}
	}
	(*of)[chosen.key] = pick(e, chosen.values)
}

// setRole sets a role, known or not, to a copy of another or to nil, or removes it.
func (e editor) setRole() {
	role := pick(e, []v2beta1.MPIReplicaType{"Zoo", "Alpha", "launcher", "WORKER", "", "Worker", "Launcher"})
	switch e.Intn(3) {
	case 0:
		e.job.Spec.MPIReplicaSpecs[role] = &v2beta1.ReplicaSpec{Replicas: new(int32(1)), Template: *e.template().DeepCopy()}
	case 1:
		e.job.Spec.MPIReplicaSpecs[role] = nil
	case 2:
		delete(e.job.Spec.MPIReplicaSpecs, role)
	}
}

func (e editor) setReplicas() {
	if worker := e.job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker]; worker != nil {
		worker.Replicas = new(pick(e, []int32{1, 2, 3, 4, 5, 0}))
	}
}

func (e editor) setSpec() {
	spec, policy := &e.job.Spec, &e.job.Spec.RunPolicy
	e.fill(&spec.SlotsPerWorker, &spec.RunLauncherAsWorker, &spec.LauncherCreationPolicy, &spec.MPIImplementation,
		&policy.Suspend, &policy.BackoffLimit, &policy.CleanPodPolicy, &policy.SchedulingPolicy)
}

func (e editor) setKeyPath() { e.job.Spec.SSHAuthMountPath = often(e, usualPaths, oddPaths) }
