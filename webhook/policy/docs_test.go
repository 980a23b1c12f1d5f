package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/docgen"
	"github.com/runai-mpi/runai-mpi/test/golden"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

var pageBody = docgen.Text(`
The policies run in this order, on each MPIJob that is created in a namespace of a project. A policy writes what it lists
under *writes* and nothing else. No later update can remove it. A field that conflicts with an intent is refused, and the
answer names both. An equal one is accepted. The job's annotation ^run.ai/applied-policies^ names the policies that
were applied.

The init containers that policies add have the amounts of the main container (cpu, memory, ephemeral storage, huge pages) and
no devices, so that QoS classes, quotas and limit ranges see the same pods as without them.

Names are shown as they are by default; the [cluster policy](cluster-policy.md) can change those of the queue label and of
the GPU resource.

`)

// The page of the policies is written from their declarations.
func TestPage(t *testing.T) {
	page := docgen.Head("Policies",
		"Look up what `runai-webhook` does to an MPIJob: which policies apply to a job, what each of them reads, and what it writes.",
		"`webhook/policy`") + pageBody
	var rows [][]string
	for _, p := range policy.Chain {
		rows = append(rows, []string{fmt.Sprintf("[%s](#%s)", p.Name, p.Name), strings.TrimSuffix(appliesTo(p), ".")})
	}
	page += docgen.Table([]string{"policy", "applies to"}, rows)
	for _, p := range policy.Chain {
		page += section(p)
	}
	golden.Compare(t, "../../docs/reference/policies.md", page)
}

func appliesTo(p policy.Policy) string { return strings.TrimPrefix(p.Doc.Applies, "To ") }

func section(p policy.Policy) string {
	in := policy.Input{Cluster: config.Default(), Identity: &annotations.Identity{UserName: "USER", Home: "HOME"}}
	in.Intent.Interactive = new(bool)
	*in.Intent.Interactive = true
	var owned policy.Ownership
	if p.Owns != nil {
		owned = p.Owns(mpijobtest.MakeMPIJob("job", "namespace").Obj(), in)
	}
	var rows [][]string
	for _, row := range []struct {
		title string
		names []string
	}{
		{"reads", p.Doc.Reads},
		{"writes init containers", owned.Containers},
		{"writes volumes and their mounts", owned.Volumes},
		{"mounts at", owned.Mounts},
		{"keeps other mounts away from", owned.Trees},
		{"writes variables", owned.Env},
		{"writes or guards annotations", owned.Annotations},
		{"lets pod templates have only the annotations", owned.OpenAnnotations},
		{"writes labels", owned.Labels},
		{"writes fields", owned.Fields},
	} {
		if len(row.names) > 0 {
			rows = append(rows, []string{row.title, docgen.Code(row.names...)})
		}
	}
	return fmt.Sprintf("\n## %s\n\n%s\n\nApplies to %s\n\n", p.Name, p.Doc.Does, appliesTo(p)) + docgen.Table([]string{"", ""}, rows)
}

// Each intent has a policy that reads it, and what the page says of reading is about things that exist.
func TestPageNamesWhatExists(t *testing.T) {
	intents := map[string]bool{}
	for _, doc := range annotations.Docs() {
		intents[doc.Key] = doc.Key == annotations.ProjectKey // the review reads it
	}
	for _, p := range policy.Chain {
		if p.Doc.Does == "" || p.Doc.Applies == "" {
			t.Errorf("%s does not say what it does, or when", p.Name)
		}
		for _, name := range p.Doc.Reads {
			switch {
			case strings.HasPrefix(name, annotations.Prefix):
				if _, known := intents[name]; !known {
					t.Errorf("%s reads %s, which is not in the contract", p.Name, name)
				}
				intents[name] = true
			case strings.HasPrefix(name, "Project spec."):
			case !slices.Contains(clusterPolicyKeys(t), name):
				t.Errorf("%s reads %s, which is not a key of the cluster policy", p.Name, name)
			}
		}
	}
	for key, read := range intents {
		if !read {
			t.Errorf("no policy reads %s", key)
		}
	}
}

// clusterPolicyKeys are the keys of the first two levels of the default cluster policy.
func clusterPolicyKeys(t *testing.T) []string {
	t.Helper()
	var all []string
	for name, value := range decodeTree(t, string(config.DefaultYAML())) {
		all = append(all, name)
		if members, isTree := value.(tree); isTree {
			for member := range members {
				all = append(all, name+"."+member)
			}
		}
	}
	return all
}
