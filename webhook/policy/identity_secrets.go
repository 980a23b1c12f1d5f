package policy

import (
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// jobSecrets end the names of the Secrets that belong to one job: the operator's key, with which its workers
// let anybody in, and the credentials for git.
var jobSecrets = []string{"-ssh", annotations.GitSyncSecretSuffix}

// A secretRef is the name of a Secret in a template, with its path.
type secretRef struct {
	name string
	path *field.Path
}

// othersSecrets returns an error for each Secret of another job that a template makes readable.
func othersSecrets(job *v2beta1.MPIJob, template mpijob.Template) field.ErrorList {
	var errs field.ErrorList
	for _, ref := range slices.Concat(secretsOfVolumes(template), secretsOfContainers(template)) {
		// rule T33 in test/forgery TestT33OthersSecrets: the key or the credentials of another job
		if isOfAnotherJob(ref.name, job) {
			errs = append(errs, ofAnotherJob(ref))
		}
	}
	return errs
}

// othersIntentSecret is othersSecrets for the Secret that the git-sync policy would mount.
func othersIntentSecret(job *v2beta1.MPIJob, in Input) field.ErrorList {
	ref := secretRef{in.Intent.GitSyncSecret, annotations.Path(annotations.GitSyncSecretKey)}
	// rule T33 in test/forgery TestT33OthersSecrets: the credentials of another job as one's own
	if isOfAnotherJob(ref.name, job) {
		return field.ErrorList{ofAnotherJob(ref)}
	}
	return nil
}

func ofAnotherJob(ref secretRef) *field.Error {
	return field.Invalid(ref.path, ref.name, "names a Secret of another job: use a Secret whose name does not end in "+strings.Join(jobSecrets, " or "))
}

// isOfAnotherJob reports whether the name of a Secret is one of another job. Whether such a job exists does not
// matter: it could be submitted later. A job does not know its own name if the API server generates it.
func isOfAnotherJob(secret string, job *v2beta1.MPIJob) bool {
	return slices.ContainsFunc(jobSecrets, func(suffix string) bool {
		owner, ends := strings.CutSuffix(secret, suffix)
		return ends && (owner != job.Name || job.GenerateName != "")
	})
}

// secretsOfVolumes returns the Secrets in volumes of the kinds that a project with identities allows.
func secretsOfVolumes(template mpijob.Template) []secretRef {
	var refs []secretRef
	for i, volume := range template.Spec.Volumes {
		path := template.Path.Child("spec", "volumes").Index(i)
		if volume.Secret != nil {
			refs = append(refs, secretRef{volume.Secret.SecretName, path.Child("secret", "secretName")})
		}
		if volume.CSI != nil && volume.CSI.NodePublishSecretRef != nil {
			refs = append(refs, secretRef{volume.CSI.NodePublishSecretRef.Name, path.Child("csi", "nodePublishSecretRef", "name")})
		}
		if volume.Projected == nil {
			continue
		}
		for n, source := range volume.Projected.Sources {
			if source.Secret != nil {
				refs = append(refs, secretRef{source.Secret.Name, path.Child("projected", "sources").Index(n).Child("secret", "name")})
			}
		}
	}
	return refs
}

func secretsOfContainers(template mpijob.Template) []secretRef {
	var refs []secretRef
	for _, container := range template.Containers() {
		for i, variable := range container.Env {
			if variable.ValueFrom != nil && variable.ValueFrom.SecretKeyRef != nil {
				refs = append(refs, secretRef{variable.ValueFrom.SecretKeyRef.Name,
					container.Path().Child("env").Index(i).Child("valueFrom", "secretKeyRef", "name")})
			}
		}
		for i, source := range container.EnvFrom {
			if source.SecretRef != nil {
				refs = append(refs, secretRef{source.SecretRef.Name, container.Path().Child("envFrom").Index(i).Child("secretRef", "name")})
			}
		}
	}
	return refs
}
