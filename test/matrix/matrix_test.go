package matrix

import (
	"slices"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/lab"
)

// Every cell runs, and its ranks run where they should, as the right user and with the job's environment. With -all,
// the page has the results.
func TestMatrix(t *testing.T) {
	lab.Require(t)
	ada := newPerson(t, "ada", 1234567)
	for _, project := range []string{"matrix", "restricted", "quota"} {
		ada.addProject(t, project)
	}
	enforceRestricted(t, "runai-restricted")
	product.Create(t, quota())
	results := newResults()
	t.Run("cells", func(t *testing.T) { // which returns when all cells have
		for _, c := range everyCell() {
			if *all || c.daily {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					result := "**fails**"
					defer func() { results.add(c.name, result) }()
					if ranks := c.run(t, ada); !t.Failed() {
						result = c.outcome(ranks)
					}
				})
			}
		}
	})
	if len(results.of) == len(everyCell()) {
		comparePage(t, results)
	}
}

var nodesPort sync.Mutex

// run runs the job, and returns what its ranks print.
func (c *cell) run(t *testing.T, ada *person) []map[string]string {
	if slices.Contains(c.flags, hostNetwork) { // jobs wait there for each other's port
		nodesPort.Lock()
		defer nodesPort.Unlock()
	}
	r := c.submit(t, ada)
	defer r.delete(t)
	defer func() {
		if t.Failed() {
			r.describe(t)
		}
	}()
	if c.during != nil {
		c.during(t, r)
	}
	if c.stuck {
		return nil
	}
	r.await(t)
	ranks := ranksIn(t, r.output)
	c.judge(t, ranks)
	if c.see != nil {
		c.see(t, r)
	}
	return ranks
}

func enforceRestricted(t *testing.T, namespace string) {
	t.Helper()
	object := &corev1.Namespace{}
	if err := product.Client.Get(t.Context(), client.ObjectKey{Name: namespace}, object); err != nil {
		t.Fatal(err)
	}
	object.Labels["pod-security.kubernetes.io/enforce"] = "restricted"
	if err := product.Client.Update(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}
