package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// A submission is one request, and with a generated name one more for each page of names. A page
// has 5000, so that 10 000 jobs are two of them; together they are smaller than a tenth of the jobs.
func TestRequestsOfASubmission(t *testing.T) {
	product.AddProject(t, "counted", v1alpha1.ProjectSpec{})
	for args, want := range map[string]counts{
		"submit-mpi dist1 -p counted -i x": {posts: 1},
		"submit-mpi -p counted -i x":       {posts: 1, lists: 1},
	} {
		if got, stderr := countsOf(t, strings.Fields(args)); got.posts != want.posts || got.lists != want.lists || got.others != 0 {
			t.Errorf("%s: got %+v, want %+v: %s", args, got, want, stderr)
		}
	}
	const jobs = 5_010
	product.AddNamespace(t, "crowded", nil) // of no project: the webhook is not asked
	size := createJobs(t, "crowded", jobs)
	got, stderr := countsOf(t, []string{"submit-mpi", "-n", "crowded", "-i", "x", "--dry-run=server"})
	if want := fmt.Sprintf(`job "job-%d" was not submitted`, jobs); got.lists != 2 || !strings.Contains(stderr, want) {
		t.Errorf("got %+v and %s", got, stderr)
	}
	t.Logf("the names of %d jobs are %d bytes in %d pages; a job is %d bytes", jobs, got.listed, got.lists, size)
	if got.listed > jobs*size/10 {
		t.Errorf("the names are %d bytes, more than a tenth of the jobs", got.listed)
	}
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
	text, err := clientset(t).CoreV1().RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		line := lines.Text()
		if !strings.Contains(line, `resource="mpijobs"`) {
			continue
		}
		number, err := strconv.ParseFloat(line[strings.LastIndex(line, " ")+1:], 64)
		if err != nil {
			t.Fatal(err)
		}
		isList := strings.Contains(line, `verb="LIST"`)
		switch {
		case strings.HasPrefix(line, "apiserver_response_sizes_sum{") && isList:
			all.listed += int(number)
		case !strings.HasPrefix(line, "apiserver_request_total{"):
		case isList:
			all.lists += int(number)
		case strings.Contains(line, `verb="POST"`):
			all.posts += int(number)
		default:
			all.others += int(number)
		}
	}
	return all
}

func clientset(t *testing.T) *kubernetes.Clientset {
	t.Helper()
	set, err := kubernetes.NewForConfig(product.Config)
	if err != nil {
		t.Fatal(err)
	}
	return set
}
