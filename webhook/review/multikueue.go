package review

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/webhook/identity"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// originLabel marks the copy that MultiKueue makes of a job in the cluster where it runs (Kueue's
// MultiKueueOriginLabel).
const originLabel = "kueue.x-k8s.io/multikueue-origin"

func isMultiKueueCopy(job *v2beta1.MPIJob) bool { return job.Labels[originLabel] != "" }

// reviewCopy validates a copy and changes nothing: the cluster in which the job was submitted knew its
// submitter. The label alone says nothing, since everybody can write it.
func (r Reviewer) reviewCopy(job *v2beta1.MPIJob, in policy.Input, request Request, errs field.ErrorList) field.ErrorList {
	// rule T27 in test/forgery TestT27MultiKueueLabel: the label of MultiKueue
	if !slices.Contains(r.Cluster.MultiKueue.Submitters, request.User.Username) {
		return append(errs, field.Forbidden(field.NewPath("metadata", "labels").Key(originLabel),
			"marks a copy that MultiKueue makes, and multiKueue.submitters of the cluster's policy does not list "+request.User.Username+": leave it out"))
	}
	stamp, err := annotations.ParseStamp(job.Annotations)
	path := annotations.Path(annotations.SubmittedByKey)
	switch {
	case err != nil:
		return append(errs, field.Forbidden(path, err.Error()))
	case stamp == nil:
		return append(errs, field.Required(path, "a copy carries the stamp of the cluster in which it was submitted: ask your administrator to install runai-mpi there"))
	}
	in.Identity = stamp.Identity
	errs = append(errs, validateStamp(job, in, path)...)
	return append(errs, validate(job, in, request.PodSecurity)...)
}

// validateStamp holds the identity of a copy to what a source of this cluster could have said.
func validateStamp(job *v2beta1.MPIJob, in policy.Input, path *field.Path) field.ErrorList {
	if in.Identity == nil {
		if wantsIdentity(in) {
			return field.ErrorList{field.Forbidden(path, "names no identity to run as, and project "+in.Project.Name+" or the job asks for one")}
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
	if !equality.Semantic.DeepEqual(job.Spec, ensured.Spec) {
		return field.ErrorList{field.Forbidden(field.NewPath("spec"), "does not run as the identity of its stamp: submit the job again in the cluster that it came from")}
	}
	return nil
}
