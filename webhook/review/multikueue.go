package review

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/identity"
	"github.com/runai-mpi/runai-mpi/webhook/patch"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// originLabel marks the copy of a job that MultiKueue creates in the cluster where the job runs (Kueue's
// MultiKueueOriginLabel).
const originLabel = "kueue.x-k8s.io/multikueue-origin"

func isMultiKueueCopy(job *v2beta1.MPIJob) bool { return job.Labels[originLabel] != "" }

// reviewCopy validates a copy and changes nothing, because only the cluster in which the job was submitted
// knew its submitter. The label alone proves nothing: anybody can set it.
func (r Reviewer) reviewCopy(job *v2beta1.MPIJob, in policy.Input, request Request, errs field.ErrorList) field.ErrorList {
	// rule T27 in test/forgery TestT27MultiKueueLabel: the label of MultiKueue
	if !slices.Contains(r.Cluster.MultiKueue.Submitters, request.User.Username) {
		return append(errs, field.Forbidden(field.NewPath("metadata", "labels").Key(originLabel),
			"is reserved for MultiKueue, and multiKueue.submitters of the cluster policy does not list "+request.User.Username+": remove it"))
	}
	stamp, err := annotations.ParseStamp(job.Annotations)
	path := annotations.Path(annotations.SubmittedByKey)
	switch {
	case err != nil:
		return append(errs, field.Forbidden(path, err.Error()))
	case stamp == nil:
		return append(errs, field.Required(path, "a MultiKueue copy must have the stamp of the cluster where it was submitted: "+
			"ask your administrator to install runai-mpi there"))
	}
	in.Identity = stamp.Identity
	for _, template := range mpijob.Templates(job) {
		if template.Spec.NodeName != "" {
			errs = append(errs, field.Forbidden(template.Path.Child("spec", "nodeName"), "bypasses the scheduler: remove it"))
		}
	}
	errs = append(errs, validateStamp(job, in, path)...)
	invalid, _ := validate(job, in, request.PodSecurity, mpijob.Validate(job))
	return append(errs, invalid...)
}

// validateStamp validates the identity in a copy's stamp, and that the copy runs as this identity.
func validateStamp(job *v2beta1.MPIJob, in policy.Input, path *field.Path) field.ErrorList {
	if in.Identity == nil {
		if wantsIdentity(in) {
			requirer := annotations.RunAsUserKey
			if in.Project.Spec.Identity == v1alpha1.IdentityRequired {
				requirer = "project " + in.Project.Name
			}
			return field.ErrorList{field.Forbidden(path, "was submitted without an identity, which "+requirer+" requires: "+
				"submit it with "+annotations.RunAsUserKey+" on the manager cluster")}
		}
		return nil
	}
	if err := identity.Validate(*in.Identity, in.Cluster.Identity); err != nil {
		return field.ErrorList{field.Forbidden(path, err.Error())}
	}
	ensured := job.DeepCopy()
	// rule T27 in webhook/policy TestGoldens/refused-multikueue-copy-as-another: a copy that is not its stamp's
	if errs := policy.Identity.Ensure(ensured, in); len(errs) > 0 {
		return errs
	}
	if !patch.Equal(&job.Spec, &ensured.Spec) {
		return field.ErrorList{field.Forbidden(field.NewPath("spec"), "runs with other ids than "+annotations.SubmittedByKey+" records: "+
			"ask your administrator to set the same identity policy on the manager cluster")}
	}
	return nil
}
