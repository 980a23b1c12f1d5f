package bench

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/ranges"
)

// A submission is one request, and with a generated name one more for each page of names. A page
// has 5000, so that 10 000 jobs are two of them; together they are smaller than a tenth of the jobs.
func TestRequestsOfASubmission(t *testing.T) {
	product.AddProject(t, "counted", v1alpha1.ProjectSpec{})
	named, _ := countsOf(t, strings.Fields("submit-mpi dist1 -p counted -i x"))
	ranges.Check(t, "requests-named", float64(named.all()))
	generated, _ := countsOf(t, strings.Fields("submit-mpi -p counted -i x"))
	ranges.Check(t, "requests-generated", float64(generated.all()))
	if named.posts != 1 || generated.posts != 1 {
		t.Errorf("got %+v and %+v, want one job each", named, generated)
	}
	const jobs = 5_010
	product.AddNamespace(t, "crowded", nil) // of no project: the webhook is not asked
	size := createJobs(t, "crowded", jobs)
	got, stderr := countsOf(t, []string{"submit-mpi", "-n", "crowded", "-i", "x", "--dry-run=server"})
	if want := fmt.Sprintf(`job "job-%d" was not submitted`, jobs); !strings.Contains(stderr, want) {
		t.Errorf("got %+v and %s", got, stderr)
	}
	t.Logf("the names of %d jobs are %d bytes in %d pages; a job is %d bytes", jobs, got.listed, got.lists, size)
	ranges.Check(t, "requests-crowded", float64(got.all()))
	ranges.Check(t, "names-to-jobs", float64(got.listed)/float64(jobs*size))
}

// createJobs creates jobs with the names that are generated first, and returns the size of one.
func createJobs(t *testing.T, namespace string, number int) int {
	t.Helper()
	unlimited := rest.CopyConfig(product.Config)
	unlimited.QPS = -1
	set, err := kubernetes.NewForConfig(unlimited)
	if err != nil {
		t.Fatal(err)
	}
	var size atomic.Int64
	creators, ctx := errgroup.WithContext(t.Context())
	creators.SetLimit(32)
	for n := range number {
		creators.Go(func() error {
			text, err := json.Marshal(mpijobtest.MakeMPIJob(fmt.Sprintf("job-%d", n), namespace).Obj())
			if err != nil {
				return err
			}
			stored, err := set.CoreV1().RESTClient().Post().AbsPath("/apis/kubeflow.org/v2beta1/namespaces", namespace, "mpijobs").
				Body(text).DoRaw(ctx)
			size.Store(int64(len(stored)))
			return err
		})
	}
	if err := creators.Wait(); err != nil {
		t.Fatal(err)
	}
	return int(size.Load())
}

// counts are requests for MPIJobs as the API server counts them, and the bytes of lists.
type counts struct{ posts, lists, others, listed int }

func (c counts) all() int { return c.posts + c.lists + c.others }

// countsOf returns what a command costs, and what it prints on stderr.
func countsOf(t *testing.T, args []string) (counts, string) {
	t.Helper()
	before := counted(t)
	_, stderr, _ := product.Runai(t, args...)
	after := counted(t)
	return counts{
		posts: after.posts - before.posts, lists: after.lists - before.lists,
		others: after.others - before.others, listed: after.listed - before.listed,
	}, stderr
}

func counted(t *testing.T) (all counts) {
	t.Helper()
	for _, s := range metricsOf(t, "apiserver_request_total{", "apiserver_response_sizes_sum{") {
		isList := s.has("verb", "LIST")
		switch {
		case !s.has("resource", "mpijobs"):
		case strings.HasPrefix(s.text, "apiserver_response_sizes_sum{"):
			if isList {
				all.listed += s.value
			}
		case isList:
			all.lists += s.value
		case s.has("verb", "POST"):
			all.posts += s.value
		default:
			all.others += s.value
		}
	}
	return all
}
