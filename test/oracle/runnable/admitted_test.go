package runnable_test

import (
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/oracle/perturbed"
	"github.com/runai-mpi/runai-mpi/test/oracle/randomjob"
	"github.com/runai-mpi/runai-mpi/test/oracle/runnable"
	"github.com/runai-mpi/runai-mpi/webhook/identity"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// A submission is what a webhook is asked to review.
type submission struct {
	name    string
	job     *v2beta1.MPIJob
	cluster *config.ClusterPolicy
	values  map[string]any // of the cluster policy in the chart, if it is not the default
	project *v1alpha1.Project
	user    authenticationv1.UserInfo
	labels  map[string]string
}

func newSubmission(name string, job *v2beta1.MPIJob) submission {
	if job.Namespace == "" {
		job.Namespace = "runai-team-a"
	}
	extra := map[string]authenticationv1.ExtraValue{}
	for key, values := range randomjob.Extra {
		extra[key] = values
	}
	return submission{
		name: name, job: job, cluster: config.Default(), project: &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}},
		user: authenticationv1.UserInfo{Username: "saml:alice", Extra: extra},
	}
}

// admitted returns the final job, or nil if it is refused.
func (s submission) admitted() *v2beta1.MPIJob {
	found, err := identity.Resolve(identity.Question{User: s.user}, s.cluster.Identity)
	job := s.job.DeepCopy()
	_, errs := review.Reviewer{Cluster: s.cluster, Version: "(test)"}.Create(job, review.Request{
		NamespaceFacts: review.NamespaceFacts{Project: s.project, PodSecurity: review.PodSecurityOf(s.labels)},
		User:           s.user, Submitter: review.Submitter{Identity: found, Unknown: err},
	})
	if len(errs) > 0 {
		return nil
	}
	return job
}

// check reports whether a job is admitted, and fails the test if an admitted job cannot run or is harmed.
func (s submission) check(t *testing.T, operator *runnable.Operator) bool {
	t.Helper()
	final := s.admitted()
	if final == nil {
		return false
	}
	if refusals := operator.Refusals(final, false); len(refusals) > 0 {
		t.Errorf("%s: admitted, and cannot run:\n%s", s.name, strings.Join(refusals, "\n"))
	}
	intent, _ := annotations.Parse(s.job.Annotations)
	gpus := []corev1.ResourceName{s.cluster.GPU.ResourceName, "requests." + s.cluster.GPU.ResourceName}
	for _, harm := range operator.Harms(s.job, final, gpus...) {
		t.Errorf("%s: %s", s.name, harm)
	}
	if intent.RunAsUser == nil || !*intent.RunAsUser {
		for _, touched := range runnable.Touched(s.job, final) {
			t.Errorf("%s: changed: %s", s.name, touched)
		}
	}
	return true
}

// intents are annotations of random jobs.
var intents = []map[string]string{
	nil, {annotations.RunAsUserKey: "true"}, {annotations.GitSyncKey: "source=https://git.example.com/team/code.git"},
	{annotations.GitSyncKey: "source=git@git.example.com:team/code.git,target=/data/code", annotations.GitSyncSecretKey: "keys"},
	{annotations.LargeShmKey: "true", annotations.CreateHomeDirKey: "true"}, {annotations.GPUKey: "1"},
	{annotations.RunAsUserKey: "true", annotations.GitSyncKey: "source=https://git.example.com/team/code.git",
		annotations.LargeShmKey: "1Gi"},
}

func randomSubmission(data []byte) submission {
	if len(data) == 0 {
		data = []byte{0}
	}
	job := perturbed.New(data[1:])
	job.Annotations = intents[int(data[0])%len(intents)]
	return newSubmission("random", job)
}

// What is admitted can run, in the same class and under the same quotas.
func FuzzPodsOfAdmitted(f *testing.F) {
	operator := newOperator(f)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) <= 40 {
			randomSubmission(data).check(t, operator)
		}
	})
}

func TestRandomJobs(t *testing.T) {
	operator := newOperator(t)
	const jobs = 2000
	admitted := make([]int, len(intents))
	for seed := range int64(jobs) {
		data := make([]byte, 2+seed%12)
		rand.New(rand.NewSource(seed)).Read(data)
		if randomSubmission(data).check(t, operator) {
			admitted[int(data[0])%len(intents)]++
		}
	}
	all := 0
	for _, number := range admitted {
		all += number
	}
	t.Logf("%d of %d jobs are admitted, by intents: %v", all, jobs, admitted)
	if all < jobs/10 || slices.Min(admitted) < 5 {
		t.Errorf("%d of %d jobs are admitted: %v", all, jobs, admitted)
	}
}
