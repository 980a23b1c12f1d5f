package runnable_test

import (
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/oracle/randomjob"
	"github.com/runai-mpi/runai-mpi/test/oracle/runnable"
)

const (
	mpiOperator   = "system:serviceaccount:mpi-operator:mpi-operator"
	jobController = "system:serviceaccount:kube-system:job-controller"
)

// makers says who makes the pods.
var makers = map[string]string{"the launcher": jobController, "a worker": mpiOperator}

// A backstop has the chart's policies for each cluster policy.
type backstop struct {
	operator *runnable.Operator
	policies map[string]*runnable.Policies
}

func newBackstop(t *testing.T) backstop {
	t.Helper()
	return backstop{newOperator(t), map[string]*runnable.Policies{}}
}

func (b backstop) of(t *testing.T, s submission) *runnable.Policies {
	t.Helper()
	changed := map[string]any{"backstop": map[string]any{"enabled": true}}
	if s.values != nil {
		changed["policy"] = s.values
	}
	values, err := yaml.Marshal(changed)
	if err != nil {
		t.Fatal(err)
	}
	if known := b.policies[string(values)]; known != nil {
		return known
	}
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, values, 0o600); err != nil {
		t.Fatal(err)
	}
	objects, err := chart.Render(t.Context(), "--values", file)
	if err != nil {
		t.Fatal(err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "runai-team-a", Labels: map[string]string{
		s.cluster.ProjectLabel: "team-a", annotations.IdentityLabel: string(v1alpha1.IdentityRequired),
	}}}
	made, err := runnable.NewPolicies(t.Context(), objects, namespace)
	if err != nil {
		t.Fatal(err)
	}
	b.policies[string(values)] = made
	return made
}

// accepts reports whether a job is admitted where an identity is required, and fails the test if the policies then refuse
// what the operator or the job controller makes of it.
func (b backstop) accepts(t *testing.T, s submission) bool {
	t.Helper()
	s.job.Namespace = "runai-team-a"
	s.project.Spec.Identity = v1alpha1.IdentityRequired
	final := s.admitted()
	if final == nil {
		return false
	}
	policies := b.of(t, s)
	launcher, pods, err := b.operator.Made(final)
	if err != nil {
		t.Errorf("%s: %s", s.name, err)
		return false
	}
	if err := policies.Create(t.Context(), mpiOperator, launcher); err != nil {
		t.Errorf("%s: the launcher's job: %s", s.name, err)
	}
	for name, pod := range pods {
		if err := policies.Create(t.Context(), makers[name], withToken(pod)); err != nil {
			t.Errorf("%s: %s: %s", s.name, name, err)
		}
		labelled := pod.DeepCopy()
		metav1.SetMetaDataLabel(&labelled.ObjectMeta, "team", "a")
		if err := policies.Update(t.Context(), alice, labelled, pod); err != nil {
			t.Errorf("%s: a label of %s: %s", s.name, name, err)
		}
	}
	return true
}

// withToken mounts a token of the pod's service account, as the API server does.
func withToken(pod *corev1.Pod) *corev1.Pod {
	made := pod.DeepCopy()
	mount := corev1.VolumeMount{Name: "kube-api-access-x7x9z", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount", ReadOnly: true}
	source := corev1.VolumeProjection{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token"}}
	made.Spec.Volumes = append(made.Spec.Volumes, corev1.Volume{Name: mount.Name, VolumeSource: corev1.VolumeSource{
		Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{source}},
	}})
	for _, containers := range [][]corev1.Container{made.Spec.InitContainers, made.Spec.Containers} {
		for i := range containers {
			containers[i].VolumeMounts = append(containers[i].VolumeMounts, mount)
		}
	}
	return made
}

// The policies accept what the MPI Operator and the job controller make of admitted jobs.
func TestBackstopAcceptsAdmitted(t *testing.T) {
	b := newBackstop(t)
	random := func(number, longest int64, from func(data []byte) submission) []submission {
		var all []submission
		for seed := range number {
			data := make([]byte, 2+seed%longest)
			rand.New(rand.NewSource(seed)).Read(data)
			all = append(all, from(data))
		}
		return all
	}
	for name, test := range map[string]struct {
		submissions []submission
		least       int
	}{
		"goldens": {goldens(t), 50}, "examples": {examples(t), 3}, "random jobs": {random(400, 6, randomSubmission), 30},
		"random jobs with security contexts": {random(400, 40, func(data []byte) submission {
			return newSubmission("random", randomjob.New(data))
		}), 60},
	} {
		admitted := 0
		for _, s := range test.submissions {
			if b.accepts(t, s) {
				admitted++
			}
		}
		t.Logf("%d of %d %s are admitted", admitted, len(test.submissions), name)
		if admitted < test.least {
			t.Errorf("%d of %d %s are admitted", admitted, len(test.submissions), name)
		}
	}
}
