package review

import (
	"maps"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/yardstick"
)

// measured are the jobs of the benchmarks: 4 KB of JSON with every intent, with and without an identity and code
// from git.
var measured = []struct {
	name    string
	intents map[string]string
}{
	{"plain", nil},
	{"as-user", map[string]string{annotations.RunAsUserKey: "true"}},
	{"as-user-with-git", map[string]string{
		annotations.RunAsUserKey: "true", annotations.GitSyncKey: "source=https://git.example.com/code", annotations.GitSyncSecretKey: "git",
	}},
}

func measuredJob(intents map[string]string) *v2beta1.MPIJob {
	job := yardstick.Job("runai-team-a", "team-a")
	job.ManagedFields = nil // which no review sees
	maps.Copy(job.Annotations, intents)
	return job
}

func measuredRequest() (Reviewer, Request) {
	project := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}}
	project.Spec.NodeAffinity.Train = []string{"dgx"}
	return Reviewer{Cluster: config.Default(), Version: "(test)"}.Prepared(), Request{
		NamespaceFacts: NamespaceFacts{Project: project},
		User:           authenticationv1.UserInfo{Username: "saml:alice@example.com"},
		Submitter: Submitter{Identity: &annotations.Identity{
			UID: 1234567, GID: 54000, Groups: []int64{60001, 60002}, UserName: "alice", Home: "/home/alice", Source: string(config.SourceClaims),
		}},
	}
}

// perJob runs review with a new copy of the job each time. The copies are not measured.
func perJob(b *testing.B, job *v2beta1.MPIJob, review func(*v2beta1.MPIJob)) {
	b.ReportAllocs()
	var copies [200]*v2beta1.MPIJob
	left := 0
	for b.Loop() {
		if left == 0 {
			b.StopTimer()
			for left = range copies {
				copies[left] = job.DeepCopy()
			}
			b.StartTimer()
		}
		review(copies[left])
		left--
	}
}

// BenchmarkCreate measures what the mutating webhook does with a decoded job.
func BenchmarkCreate(b *testing.B) {
	for _, of := range measured {
		b.Run(of.name, func(b *testing.B) {
			reviewer, request := measuredRequest()
			request.Submitted = measuredJob(of.intents)
			perJob(b, request.Submitted, func(job *v2beta1.MPIJob) {
				if _, errs := reviewer.Create(job, request); len(errs) > 0 {
					b.Fatal(errs)
				}
			})
		})
	}
}

// BenchmarkConfirm measures what the validating webhook does with a decoded job.
func BenchmarkConfirm(b *testing.B) {
	for _, of := range measured {
		b.Run(of.name, func(b *testing.B) {
			reviewer, request := measuredRequest()
			job := measuredJob(of.intents)
			if _, errs := reviewer.Create(job, request); len(errs) > 0 {
				b.Fatal(errs)
			}
			request.Submitted = job
			perJob(b, job, func(job *v2beta1.MPIJob) {
				if _, errs := reviewer.Confirm(job, request); len(errs) > 0 {
					b.Fatal(errs)
				}
			})
		})
	}
}

// BenchmarkUpdate measures the classification of updates of a stored job.
func BenchmarkUpdate(b *testing.B) {
	for _, of := range measured {
		reviewer, request := measuredRequest()
		lean := measuredJob(of.intents)
		stored := lean.DeepCopy()
		if _, errs := reviewer.Create(stored, request); len(errs) > 0 {
			b.Fatal(errs)
		}
		suspended := stored.DeepCopy()
		suspended.Spec.RunPolicy.Suspend = new(true)
		for _, update := range []struct {
			name    string
			updated *v2beta1.MPIJob
			want    UpdateClass
		}{{"label", stored.DeepCopy(), Steers}, {"suspend", suspended, Steers}, {"manifest", lean, Reapplies}} {
			b.Run(of.name+"/"+update.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if verdict := reviewer.ClassifyUpdate(stored, update.updated); verdict.Class != update.want {
						b.Fatal(verdict)
					}
				}
			})
		}
	}
}
