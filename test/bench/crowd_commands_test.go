package bench

import (
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/figures"
)

// crowdJobs is the number of jobs that runai lists.
const crowdJobs = 10_000

// What administrators and users run is fast enough in a crowd. It takes minutes, so that only make scale runs it.
func TestCommandsInACrowd(t *testing.T) {
	if !figures.IsRecording() {
		return // make scale records it
	}
	makeCrowd(t)
	product.AddNamespace(t, "many-jobs", nil) // of no project: the webhook is not asked
	createJobs(t, "many-jobs", crowdJobs)
	client := figures.NewClient(t, product.Config)
	rows := figures.NewTable("command", "seconds", "requests", "answers", "memory")
	for _, command := range []struct {
		shown, program string
		args           []string
	}{
		{"runai-webhook doctor", product.Programs.Webhook, []string{"doctor"}},
		{"runai-webhook review", product.Programs.Webhook, []string{"review", "-n", "many-jobs", "--as-project", projectName(0)}},
		{"runai list projects", product.Programs.Runai, []string{"list", "projects"}},
		{"runai whoami", product.Programs.Runai, []string{"whoami"}},
		{"runai list -A", product.Programs.Runai, []string{"list", "-A"}},
	} {
		cost := client.Run(t, command.program, command.args...)
		if cost.Code > 1 { // 1: something was found
			t.Error(cost.Output)
		}
		rows.Add(append([]string{"`" + command.shown + "`"}, cost.Cells()...)...)
	}
	figures.Keep(t, "crowd", 1, rows)
}
