package annotations

import (
	"testing"

	"github.com/runai-mpi/runai-mpi/test/docgen"
	"github.com/runai-mpi/runai-mpi/test/golden"
)

// The texts of the page.
var (
	beforeTable = docgen.Text(`
Write the annotations on the ^metadata^ of an MPIJob (^kubeflow.org/v2beta1^), not on its pod templates.
^runai submit-mpi^ writes them from its [flags](cli.md#what-each-flag-of-submit-mpi-becomes);
[Submit with kubectl](../kubectl.md) shows a whole job.

## What you write

`)
	afterTable = docgen.Text(`
- An unknown annotation below ^run.ai/^ is refused, and the answer names the nearest one that exists: a misspelled intent is never ignored.
- All errors come in one answer, one line each.
- An annotation that conflicts with a field of the manifest is refused, and the answer names both. An equal one is accepted:
  ^run.ai/gpu: "2"^ together with a limit of ^nvidia.com/gpu: 2^.
- A mount of your own at ^/dev/shm^, at the home directory or at the git target stays.
- A fraction of a GPU may also be written as ^nvidia.com/gpu: "0.5"^ in the worker's limits.
  The webhook replaces it with the annotations of the cluster's fraction backend.

## What the webhook writes

Some policies apply to every job of a project, others where the job asks for them; [Policies](policies.md) says which.
They leave these marks:

`)
	footer = docgen.Text(`
Whatever you write under the first two keys is overwritten. The rest of what the webhook writes, such as node affinity,
volumes and variables, is in the pod templates; [Policies](policies.md) lists it.
`)
)

// written is what the webhook writes into the metadata of a job and of its pod templates.
var written = [][]string{
	{
		docgen.Code(AppliedPoliciesKey), "the job", "the policies that were applied, in order, and the webhook's version; a digest and names with which another replica recognises its work",
		docgen.Code("scheduling,node-affinity,gpu,launcher-env,start-gate v0.1.0 0d03fd2c299e queue=…"),
	},
	{
		docgen.Code(SubmittedByKey), "the job",
		"the stamp: who submitted the job, as the API server authenticated them, and the identity that the job runs as, if any",
		docgen.Code(Stamp{Username: "alice@example.com", Identity: &Identity{
			UID: 1001, GID: 2001, UserName: "alice", Home: "/home/alice", Source: "Directory",
		}}.String()),
	},
	{
		docgen.Code(FilesPrefix + "*"), "pod templates",
		"small files for a job with an identity: `passwd`, `group`, `ssh_config` and `sshd_config`", "",
	},
	{
		"`gpu-fraction`, `gpu-memory`", "worker templates", "a fraction of a GPU, or GPU memory, as the KAI scheduler reads them",
		docgen.Code("0.5"),
	},
	{
		"the queue label, `kai.scheduler/queue` by default", "the job; with KAI also pod templates", "the project's queue",
		docgen.Code("research"),
	},
	{
		"the label " + docgen.Code(InteractivePriorityLabel), "the job", "marks an interactive job",
		docgen.Code(InteractivePriority),
	},
	{
		"the scheduling gate " + docgen.Code(AdmissionGate), "pod templates",
		"added by `runai submit-mpi` and removed by the webhook: without the webhook, no pod is ever scheduled", "",
	},
}

// The page has every row of the contract.
func TestDocs(t *testing.T) {
	page := docgen.Head("Annotations",
		"Look up every annotation by which an MPIJob asks for something, and those that the webhook writes back.", "`shared/annotations`")
	var rows [][]string
	for _, doc := range Docs() {
		rows = append(rows, []string{docgen.Code(doc.Key), doc.Value, docgen.Code(doc.Example), doc.Meaning})
	}
	page += beforeTable + docgen.Table([]string{"annotation", "value", "example", "meaning"}, rows) + afterTable
	page += docgen.Table([]string{"key", "on", "meaning", "example"}, written) + footer
	golden.Compare(t, "../../docs/reference/annotations.md", page)
}
