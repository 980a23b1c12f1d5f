package policy

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
)

// An admission is a folder of testdata: job.yaml, perhaps project.yaml, cluster.yaml, user.yaml and labels.yaml (the
// namespace's), and what becomes of the job: admitted.yaml and warnings.txt, or refused.txt.
type admission struct {
	dir     string
	job     *v2beta1.MPIJob
	project *v1alpha1.Project
	cluster *config.ClusterPolicy
	user    authenticationv1.UserInfo
	labels  map[string]string
}

// request is that of alice, of whom the API server knows everything, unless user.yaml says otherwise.
func (g admission) request() Request {
	return Request{Place: Place{g.project, PodSecurityOf(g.labels)}, User: g.user}
}

func (g admission) admitter() Admitter { return Admitter{Cluster: g.cluster, Version: "(test)"} }

func loadGoldens(t testing.TB) []admission {
	t.Helper()
	dirs, err := filepath.Glob("testdata/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	var goldens []admission
	for _, dir := range dirs {
		g := admission{dir: dir, job: &v2beta1.MPIJob{}, cluster: config.Default(),
			project: &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}}}
		read(t, filepath.Join(dir, "job.yaml"), g.job)
		if exists(t, filepath.Join(dir, "project.yaml")) {
			read(t, filepath.Join(dir, "project.yaml"), g.project)
		}
		if path := filepath.Join(dir, "cluster.yaml"); exists(t, path) {
			if g.cluster, err = config.Load(path); err != nil {
				t.Fatal(err)
			}
		}
		read(t, "fixtures/alice.yaml", &g.user)
		if path := filepath.Join(dir, "user.yaml"); exists(t, path) {
			g.user = authenticationv1.UserInfo{}
			read(t, path, &g.user)
		}
		if path := filepath.Join(dir, "labels.yaml"); exists(t, path) {
			read(t, path, &g.labels)
		}
		goldens = append(goldens, g)
	}
	return goldens
}

func TestGoldens(t *testing.T) {
	for _, g := range loadGoldens(t) {
		t.Run(filepath.Base(g.dir), func(t *testing.T) {
			before := g.job.DeepCopy()
			job := g.job.DeepCopy()
			warnings, errs := g.admitter().Admit(job, g.request())
			admitted, refused := "", ""
			for _, err := range errs {
				refused += err.Error() + "\n"
			}
			if refused == "" {
				admitted = marshal(t, job)
			}
			golden.Compare(t, filepath.Join(g.dir, "admitted.yaml"), admitted)
			golden.Compare(t, filepath.Join(g.dir, "warnings.txt"), strings.Join(append(warnings, ""), "\n"))
			golden.Compare(t, filepath.Join(g.dir, "refused.txt"), refused)
			if diff := cmp.Diff(before, g.job); diff != "" {
				t.Errorf("a copy of the job shares memory with it:\n%s", diff)
			}
		})
	}
}

func TestChainTwiceIsOnce(t *testing.T) {
	for _, g := range loadGoldens(t) {
		t.Run(filepath.Base(g.dir), func(t *testing.T) {
			job := g.job.DeepCopy()
			firstWarnings, errs := g.admitter().Admit(job, g.request())
			if refused := exists(t, filepath.Join(g.dir, "refused.txt")); refused || len(errs) > 0 {
				return
			}
			once := job.DeepCopy()
			warnings, errs := g.admitter().Admit(job, g.request())
			if len(errs) > 0 {
				t.Fatalf("refused the second time: %s", errs.ToAggregate())
			}
			if diff := cmp.Diff(once, job); diff != "" {
				t.Errorf("the second time changes (-once +twice):\n%s", diff)
			}
			if diff := cmp.Diff(firstWarnings, warnings); diff != "" {
				t.Errorf("other warnings (-once +twice):\n%s", diff)
			}
		})
	}
}

func read(t testing.TB, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(data, into); err != nil {
		t.Fatalf("%s: %s", path, err)
	}
}

func exists(t testing.TB, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

func marshal(t testing.TB, value any) string {
	t.Helper()
	data, err := yaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
