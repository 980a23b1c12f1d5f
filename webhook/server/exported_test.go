package server

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// An exported job can be edited and created again, wherever a policy has written before, and in any project.
func TestExportedJobIsEdited(t *testing.T) {
	required := func(_ *config.ClusterPolicy, p *v1alpha1.ProjectSpec) { p.Identity = v1alpha1.IdentityRequired }
	same := func(*config.ClusterPolicy, *v1alpha1.ProjectSpec) {}
	for _, test := range []struct {
		name string
		job  mpijobtest.Builder
		edit func(*v2beta1.MPIJob)
		in   func(*config.ClusterPolicy, *v1alpha1.ProjectSpec)
	}{
		{"it gets a home", mpijobtest.MakeMPIJob("dist1", namespace), annotate(annotations.CreateHomeDirKey, "true"), same},
		{"it gets an identity", mpijobtest.MakeMPIJob("dist1", namespace).Annotation(annotations.LargeShmKey, "8Gi"), annotate(annotations.RunAsUserKey, "true"), same},
		{"its project requires an identity", mpijobtest.MakeMPIJob("dist1", namespace).Annotation(annotations.LargeShmKey, "8Gi").
			Annotation(annotations.GitSyncKey, "source=https://git.example.com/code"), func(*v2beta1.MPIJob) {}, required},
		{"its author wrote what a policy writes, before another variable", mpijobtest.MakeMPIJob("dist1", namespace).Annotation(annotations.CreateHomeDirKey, "true").
			Both(func(template *corev1.PodTemplateSpec) {
				template.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "HOME", Value: "/home/runai-home"}, {Name: "DATA", Value: "$(HOME)/data"}}
			}), annotate(annotations.LargeShmKey, "8Gi"), same},
	} {
		t.Run(test.name, func(t *testing.T) {
			mutates, _ := replica(same)
			raw := marshal(t, test.job.Obj())
			exported := decoded(t, applied(t, raw, mutates.Handle(t.Context(), byAlice(raw))))
			test.edit(exported)
			again, validates := replica(test.in)
			raw = marshal(t, exported)
			final := applied(t, raw, again.Handle(t.Context(), byAlice(raw)))
			if response := validates.Handle(t.Context(), byAlice(final)); !response.Allowed {
				t.Errorf("refused: %s", response.Result.Message)
			}
		})
	}
}

func annotate(key, value string) func(*v2beta1.MPIJob) {
	return func(job *v2beta1.MPIJob) { job.Annotations[key] = value }
}

func decoded(t *testing.T, raw []byte) *v2beta1.MPIJob {
	t.Helper()
	job, err := Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// What the author wrote is not taken for what a policy wrote.
func TestExportedJobKeepsWhatItsAuthorWrote(t *testing.T) {
	first, _ := replica(func(*config.ClusterPolicy, *v1alpha1.ProjectSpec) {})
	second, _ := replica(func(*config.ClusterPolicy, *v1alpha1.ProjectSpec) {})
	second.Reviewer.Version = "(other)"
	own := []corev1.EnvVar{
		{Name: "HOME", Value: "/home/runai-home"}, {Name: "DATA", Value: "$(HOME)/data"}, {Name: "USER", Value: "bench"}, {Name: "LOGNAME", Value: "bench"},
		{Name: "RUNAI_MPI_NUM_WORKERS", Value: "2"},
	}
	raw := marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Workers(2).Annotation(annotations.CreateHomeDirKey, "true").
		Both(func(template *corev1.PodTemplateSpec) {
			template.Spec.SchedulerName, template.Spec.Containers[0].Env = "my-scheduler", own
		}).Obj())
	stored := applied(t, raw, first.Handle(t.Context(), byAlice(raw)))
	again := applied(t, stored, second.Handle(t.Context(), byAlice(stored)))
	want, got := decoded(t, stored), decoded(t, again)
	if diff := cmp.Diff(want.Spec.MPIReplicaSpecs["Worker"].Template.Spec, got.Spec.MPIReplicaSpecs["Worker"].Template.Spec); diff != "" {
		t.Errorf("(-first +again):\n%s", diff)
	}
	if name := got.Spec.MPIReplicaSpecs["Launcher"].Template.Spec.SchedulerName; name != "my-scheduler" {
		t.Errorf("scheduler %q", name)
	}
}

// A term of the author's with the node types alone is no term of the policy, which adds them to each term.
func TestExportedJobKeepsItsTerms(t *testing.T) {
	first, _ := replica(func(*config.ClusterPolicy, *v1alpha1.ProjectSpec) {})
	second, _ := replica(func(_ *config.ClusterPolicy, p *v1alpha1.ProjectSpec) { p.NodeAffinity.Train = []string{"dgx", "h100"} })
	raw := marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Both(func(template *corev1.PodTemplateSpec) {
		in := func(key, value string) corev1.NodeSelectorTerm {
			return corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: corev1.NodeSelectorOpIn, Values: []string{value}}}}
		}
		template.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{in("zone", "a"), in("run.ai/type", "dgx")},
		}}}
	}).Obj())
	stored := applied(t, raw, first.Handle(t.Context(), byAlice(raw)))
	got := decoded(t, applied(t, stored, second.Handle(t.Context(), byAlice(stored))))
	terms := got.Spec.MPIReplicaSpecs["Worker"].Template.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	if len(terms) != 2 {
		t.Errorf("got %v", terms)
	}
}
