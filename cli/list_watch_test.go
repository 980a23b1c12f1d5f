package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
)

// Changed rows follow below one header, aligned with it.
func TestListWatch(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.job("dist1", nil)
	c.job("dist22", nil)
	cmd := c.start(t, "list", "-w", "-p", "team-a")
	says(t, cmd.stdout, "dist22  Pending")
	c.pod("dist1", "dist1-launcher-a", runs)
	says(t, cmd.stdout, "dist1   Running")
	c.job("dist1", func(job *v2beta1.MPIJob) { job.Labels = map[string]string{"nobody": "sees-this"} })
	c.server.CloseClientConnections()
	c.job("dist22", condition(v2beta1.JobFailed, ""))
	says(t, cmd.stdout, "dist22  Failed")
	c.remove("mpijobs", "dist1")
	says(t, cmd.stdout, "dist1   Deleted")
	cmd.cancel()
	cmd.ends(t, 130, cmd.stdout.String(), "runai: interrupted\n")
	var rows []string
	for line := range strings.Lines(cmd.stdout.String()) {
		rows = append(rows, regexp.MustCompile(`^(\S+\s+\S+).*`).ReplaceAllString(strings.TrimSpace(line), "$1"))
	}
	want := "Showing jobs|NAME    STATUS|dist1   Pending|dist22  Pending|dist1   Running|dist22  Failed|dist1   Deleted"
	if got := strings.Join(rows, "|"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestListWatchObjects(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.job("dist1", nil)
	names := c.start(t, "list", "-w", "-A", "-o", "name")
	objects := c.start(t, "list", "jobs", "--watch", "-o", "yaml", "-p", "team-a")
	says(t, objects.stdout, "kind: MPIJob\n")
	says(t, names.stderr, "Forbidden")
	c.job("dist1", func(job *v2beta1.MPIJob) { job.Labels = map[string]string{"of": "interest"} })
	says(t, objects.stdout, "---\napiVersion: kubeflow.org/v2beta1\n")
	says(t, objects.stdout, "    of: interest\n")
}
