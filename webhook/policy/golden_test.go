package policy_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/golden"
	"github.com/runai-mpi/runai-mpi/webhook/identity"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// A submission is a case of testdata. Its input is job.yaml, and optionally project.yaml, cluster.yaml,
// user.yaml and labels.yaml (of the namespace). Its result is admitted.yaml and warnings.txt, or
// refused.txt.
type submission struct {
	*golden.Case
	job     *v2beta1.MPIJob
	project *v1alpha1.Project
	cluster *config.ClusterPolicy
	user    authenticationv1.UserInfo
	labels  map[string]string
}

// alice is the user of a case without user.yaml.
var alice = authenticationv1.UserInfo{Username: "saml:alice@example.com", Extra: map[string]authenticationv1.ExtraValue{
	"run.ai/uid": {"1234567"}, "run.ai/gid": {"54000"}, "run.ai/supplementary-groups": {"60002", "60001"},
}}

func loadSubmissions(t testing.TB) []submission {
	t.Helper()
	var all []submission
	for _, c := range golden.Cases(t, "testdata") {
		s := submission{Case: c, job: &v2beta1.MPIJob{}, user: alice,
			project: &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}}}
		s.read(t, "job.yaml", s.job)
		s.read(t, "project.yaml", s.project)
		s.read(t, "labels.yaml", &s.labels)
		if _, present := c.File("user.yaml"); present {
			s.user = authenticationv1.UserInfo{}
			s.read(t, "user.yaml", &s.user)
		}
		s.cluster = clusterOf(t, c)
		all = append(all, s)
	}
	return all
}

func clusterOf(t testing.TB, c *golden.Case) *config.ClusterPolicy {
	t.Helper()
	text, present := c.File("cluster.yaml")
	if !present {
		return config.Default()
	}
	cluster, err := config.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %s", c.Name, err)
	}
	return cluster
}

func (s submission) read(t testing.TB, name string, into any) {
	t.Helper()
	text, _ := s.File(name)
	if err := yaml.UnmarshalStrict([]byte(text), into); err != nil {
		t.Fatalf("%s: %s: %s", s.Name, name, err)
	}
}

func (s submission) reviewer() review.Reviewer {
	return review.Reviewer{Cluster: s.cluster, Version: "(test)"}
}

func (s submission) request() review.Request {
	found, err := identity.Resolve(identity.Question{User: s.user}, s.cluster.Identity)
	return review.Request{
		NamespaceFacts: review.NamespaceFacts{Project: s.project, PodSecurity: review.PodSecurityOf(s.labels)},
		User:           s.user,
		Submitter:      review.Submitter{Identity: found, Unknown: err},
	}
}

// digest is what goldens omit of applied-policies, because every new key of the cluster policy changes it.
var digest = regexp.MustCompile(`\(test\) [0-9a-f]{12}\s+queue=\S+`)

func TestGoldens(t *testing.T) {
	for _, s := range loadSubmissions(t) {
		t.Run(s.Name, func(t *testing.T) {
			before, job := s.job.DeepCopy(), s.job.DeepCopy()
			warnings, errs := s.reviewer().Create(job, s.request())
			admitted, refused := "", ""
			for _, err := range errs {
				refused += err.Error() + "\n"
			}
			if refused == "" {
				admitted = digest.ReplaceAllString(marshal(t, job), "(test)")
			}
			s.Compare(t, "admitted.yaml", admitted)
			s.Compare(t, "warnings.txt", strings.Join(append(warnings, ""), "\n"))
			s.Compare(t, "refused.txt", refused)
			if diff := cmp.Diff(before, s.job); diff != "" {
				t.Errorf("a copy of the job shares memory with it:\n%s", diff)
			}
		})
	}
}

func TestChainTwiceIsOnce(t *testing.T) {
	for _, s := range loadSubmissions(t) {
		t.Run(s.Name, func(t *testing.T) {
			if job := s.job.DeepCopy(); createTwice(t, s, job) {
				_, refused := s.File("refused.txt")
				if refused {
					t.Error("admitted")
				}
			}
		})
	}
}

// createTwice reports whether the job is admitted, and checks that a second creation changes nothing.
func createTwice(t *testing.T, s submission, job *v2beta1.MPIJob) bool {
	t.Helper()
	first, errs := s.reviewer().Create(job, s.request())
	if len(errs) > 0 {
		return false
	}
	once := job.DeepCopy()
	second, errs := s.reviewer().Create(job, s.request())
	if len(errs) > 0 {
		t.Fatalf("refused the second time: %s", errs.ToAggregate())
	}
	if diff := cmp.Diff(once, job); diff != "" {
		t.Errorf("the second time changes (-once +twice):\n%s", diff)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("other warnings (-once +twice):\n%s", diff)
	}
	return true
}

func marshal(t testing.TB, value any) string {
	t.Helper()
	data, err := yaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
