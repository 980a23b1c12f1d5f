package policy

import (
	"fmt"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/paths"
)

// targetOf returns where the repository's contents are mounted. The contract and the cluster policy accept
// no directory that the container itself needs.
func targetOf(in Input) string {
	if sync := in.Intent.GitSync; sync != nil && sync.Target != "" {
		return sync.Target
	}
	return in.Cluster.GitSync.DefaultTarget
}

// validateTarget returns an error for a path at which another policy or the operator mounts something: one of
// the two would be hidden.
func validateTarget(job *v2beta1.MPIJob, in Input) *field.Error {
	if target := targetOf(in); isUsed(job, in, target) {
		return field.Invalid(annotations.Path(annotations.GitSyncKey), target,
			"conflicts with a directory that the job already uses: set target= to another one, for example /code")
	}
	return nil
}

func isUsed(job *v2beta1.MPIJob, in Input, target string) bool {
	for owned := range in.othersOwn(job, gitSyncName) {
		if slices.Contains(owned.Mounts, target) || paths.Overlaps(target, owned.Trees) {
			return true
		}
	}
	keys := paths.Absolute(job.Spec.SSHAuthMountPath)
	return target == shmPath || paths.Overlaps(target, []string{codeDir, credentialDir}) ||
		keys != "/" && (target == keys || paths.IsBelow(target, keys))
}

// belowReadOnly returns an error for a target inside of a read-only mount, in which the container runtime
// cannot make a directory.
func belowReadOnly(template mpijob.Template, target string) *field.Error {
	// rule T41 in test/forgery TestT41Contradictions: code below a read-only mount
	if i, around := mpijob.ReadOnlyAround(template, template.Main(), target); around {
		return field.Invalid(annotations.Path(annotations.GitSyncKey), target,
			fmt.Sprintf("is below the read-only mount %s of the %s: set target= to another directory, for example /code",
				paths.Absolute(template.Main().VolumeMounts[i].MountPath), template.Role))
	}
	return nil
}
