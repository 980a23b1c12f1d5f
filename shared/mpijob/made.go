package mpijob

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// What the operator adds to the pods that it makes from the templates.
const (
	sshVolume    = "ssh-auth"
	configVolume = "mpi-job-config"
	configMount  = "/etc/mpi"
)

// The API server's limits for the search domains of a pod.
const (
	mostSearches     = 32
	mostSearchLength = 2048
)

// validateMade returns every reason why the API server would refuse what the operator makes from a template that is
// valid by itself: it appends volumes, mounts and a search domain, and sets the restart policy.
func validateMade(job *v2beta1.MPIJob, template Template) field.ErrorList {
	added := map[string]string{sshVolume: sshMountPath(job)}
	if template.Role == Launcher {
		added[configVolume] = configMount
	}
	var errs field.ErrorList
	for i, volume := range template.Spec.Volumes {
		if _, taken := added[volume.Name]; taken {
			errs = append(errs, field.Invalid(template.Path.Child("spec", "volumes").Index(i).Child("name"), volume.Name,
				"is the name of a volume that the MPI Operator adds: use another name"))
		}
	}
	if main := template.Main(); main != nil {
		errs = append(errs, validateMadeMounts(job, main, added, template.MainPath())...)
	}
	if template.Role == Worker {
		errs = append(errs, validateMadeSearches(job, template)...)
	}
	return append(errs, validateMadeRestarts(job, template)...)
}

// usableVolumes returns the operator's volumes that a template may mount. The start gate needs the list of
// hosts, whose ConfigMap has no name yet if the job's is generated.
func usableVolumes(job *v2beta1.MPIJob, role v2beta1.MPIReplicaType) []corev1.Volume {
	if job.GenerateName == "" || role != Launcher {
		return nil
	}
	return []corev1.Volume{{Name: configVolume, VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}}}}
}

// validateMadeMounts validates that nothing is mounted where the operator mounts something.
func validateMadeMounts(job *v2beta1.MPIJob, main *corev1.Container, added map[string]string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(added) > 1 && sshMountPath(job) == configMount {
		errs = append(errs, field.Invalid(field.NewPath("spec", "sshAuthMountPath"), sshMountPath(job),
			"is where the MPI Operator mounts the list of hosts: use another path"))
	}
	for _, mounts := range added {
		for i, mount := range main.VolumeMounts {
			if mount.MountPath == mounts {
				errs = append(errs, field.Invalid(path.Child("volumeMounts").Index(i).Child("mountPath"), mount.MountPath,
					"is where the MPI Operator mounts its own volume: use another path"))
			}
		}
		for i, device := range main.VolumeDevices {
			if device.DevicePath == mounts {
				errs = append(errs, field.Invalid(path.Child("volumeDevices").Index(i).Child("devicePath"), device.DevicePath,
					"is where the MPI Operator mounts its own volume: use another path"))
			}
		}
	}
	return errs
}

// sshMountPath returns where the operator mounts the keys.
func sshMountPath(job *v2beta1.MPIJob) string { return cmp.Or(job.Spec.SSHAuthMountPath, "/root/.ssh") }

// validateMadeSearches validates that there is room for the job's own domain.
func validateMadeSearches(job *v2beta1.MPIJob, template Template) field.ErrorList {
	dns := template.Spec.DNSConfig
	if dns == nil {
		return nil
	}
	name := cmp.Or(job.Name, job.GenerateName+generatedSuffix)
	own := fmt.Sprintf("%s.%s.svc.cluster.local", name, job.Namespace)
	length := len(strings.Join(dns.Searches, " ")) + len(" ") + len(own)
	if len(dns.Searches) <= mostSearches-1 && length <= mostSearchLength {
		return nil
	}
	return field.ErrorList{field.Invalid(template.Path.Child("spec", "dnsConfig", "searches"), len(dns.Searches), fmt.Sprintf(
		"must have at most %d domains and %d characters in total, because the MPI Operator adds the job's own domain", mostSearches-1, mostSearchLength-len(own)-1))}
}

// validateMadeRestarts validates the template with the restart policy of its role, which replaces the template's.
func validateMadeRestarts(job *v2beta1.MPIJob, template Template) field.ErrorList {
	policy := v2beta1.RestartPolicyNever // the operator's default
	if spec := job.Spec.MPIReplicaSpecs[template.Role]; spec != nil && spec.RestartPolicy != "" {
		policy = spec.RestartPolicy
	}
	if policy != v2beta1.RestartPolicyNever && policy != v2beta1.RestartPolicyExitCode {
		return nil
	}
	var errs field.ErrorList
	for _, container := range template.Containers() {
		for i, resize := range container.ResizePolicy {
			if resize.RestartPolicy == corev1.RestartContainer {
				errs = append(errs, field.Invalid(container.Path().Child("resizePolicy").Index(i).Child("restartPolicy"), resize.RestartPolicy,
					"must be NotRequired because the role's restartPolicy is "+string(policy)))
			}
		}
	}
	return errs
}
