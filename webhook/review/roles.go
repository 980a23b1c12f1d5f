package review

import (
	"fmt"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// validateRoles returns an error for each role that is probably a misspelt Launcher or Worker: the operator creates
// no pods for it, so the job waits for workers that never come, or runs without them.
func validateRoles(job *v2beta1.MPIJob) field.ErrorList {
	var errs field.ErrorList
	for _, template := range mpijob.Templates(job) {
		if meant := meantRole(template.Role); meant != "" && meant != template.Role {
			errs = append(errs, field.Invalid(mpijob.ReplicaPath(template.Role), template.Role, fmt.Sprintf("unknown role: use %s", meant)))
		}
	}
	return errs
}

// warnRoles warns about every other role that the operator ignores.
func warnRoles(job *v2beta1.MPIJob) []string {
	var warnings []string
	for _, template := range mpijob.Templates(job) {
		if meantRole(template.Role) == "" {
			warnings = append(warnings, fmt.Sprintf("%s: the MPI Operator creates no pods for this role: use Launcher or Worker, or remove the role",
				mpijob.ReplicaPath(template.Role)))
		}
	}
	return warnings
}

// meantRole returns the role that the operator knows and that is most similar, or "" if none is similar.
func meantRole(role v2beta1.MPIReplicaType) v2beta1.MPIReplicaType {
	for _, known := range []v2beta1.MPIReplicaType{mpijob.Launcher, mpijob.Worker} {
		if suggest.Nearest(strings.ToLower(string(role)), []string{strings.ToLower(string(known))}) != "" {
			return known
		}
	}
	return ""
}
