package lab

import (
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
)

// installs checks that the product can be installed as in a control plane without a node.
func (c *cluster) installs(t *testing.T) {
	programs, err := install.Build(t.Context(), c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := chart.Render(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	product, err := install.Install(t.Context(), c.Env, programs, objects)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := product.AddProject(t.Context(), "team-a", v1alpha1.ProjectSpec{}); err != nil {
		t.Fatal(err)
	}
	c.kubectl(t, mpiJob, "create", "--namespace=runai-team-a", "-f", "-")
	job := c.kubectl(t, "", "get", "mpijob", "train", "--namespace=runai-team-a", "-o", "jsonpath={.metadata.annotations}")
	if !strings.Contains(job, annotations.AppliedPoliciesKey) {
		t.Errorf("no policy was applied to the job: its annotations are %s", job)
	}
}
