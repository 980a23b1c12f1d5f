package submit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/test/golden"
)

// The flags that are read from a job of any golden case make this job.
func TestFlagsOfGoldens(t *testing.T) {
	for _, c := range golden.Cases(t, "../testdata") {
		manifest, _ := c.File("stdout")
		manifest, _, _ = strings.Cut(manifest, "\n---\n")
		job := &v2beta1.MPIJob{}
		if err := yaml.Unmarshal([]byte(manifest), job); err != nil || job.Kind != v2beta1.Kind {
			continue // -o name, or a List
		}
		t.Run(c.Name, func(t *testing.T) {
			flags := Flags{PVCAccessMode: "ReadWriteMany"}
			if !flags.readJob(job, invocation.Invocation{}) {
				run := invocation.Invocation{Globals: invocation.Globals{Project: job.Annotations[annotations.ProjectKey]}}
				request, _, mistakes := flags.Check(&run)
				t.Errorf("%v\n%s", mistakes, cmp.Diff(job, request.Job(job.Name, job.Namespace)))
			}
		})
	}
}
