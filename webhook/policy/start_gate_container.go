package policy

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/paths"
)

const (
	gateContainer = "runai-start-gate"
	gateAsker     = "the start gate"

	hostfileVolume = "runai-hostfile"
	// configVolume is the operator's name for the same volume, which it adds to the pod.
	configVolume = "mpi-job-config"
	// configSuffix ends the name of the operator's ConfigMap. The rest is the job's name.
	configSuffix = "-config"
)

//go:embed start_gate.sh
var gateSource string

var gateScript = lean(gateSource)

// hostfile returns the volume with the operator's list of workers. The operator writes it again before it starts
// the launcher of a job that was suspended and scaled.
func hostfile(job *v2beta1.MPIJob) corev1.Volume {
	return corev1.Volume{Name: hostfileVolume, VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: job.Name + configSuffix},
		Items:                []corev1.KeyToPath{{Key: "hostfile", Path: "hostfile"}},
	}}}
}

// ensureHostfile adds the volume, unless the name of the operator's ConfigMap is unknown.
func ensureHostfile(job *v2beta1.MPIJob, launcher mpijob.Template, in Input) *field.Error {
	if !isGenerated(job) {
		return ensureVolume(launcher, in, hostfile(job), gateAsker)
	}
	if in.Admitted { // that of the job with a name, which was exported
		launcher.Spec.Volumes = slices.DeleteFunc(launcher.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == hostfileVolume })
	}
	return nil
}

// gate returns the init container with the script. Its image, variables, mounts and ids are those of mpirun, so
// that its ssh finds the same configuration.
func gate(job *v2beta1.MPIJob, launcher mpijob.Template, in Input) corev1.Container {
	timeout := in.Cluster.Start.Timeout.Duration
	if in.Intent.StartTimeout > 0 {
		timeout = in.Intent.StartTimeout.Duration()
	}
	route := routeOf(job, launcher, in)
	main := launcher.Main().DeepCopy()
	container := corev1.Container{
		Name:            gateContainer,
		Image:           main.Image,
		ImagePullPolicy: main.ImagePullPolicy,
		Command: append([]string{"sh", "-c", gateScript, gateContainer,
			strconv.Itoa(int(timeout.Seconds())), neededWorkers(job), route.port, route.patience}, route.arguments...),
		Env:             main.Env,
		EnvFrom:         main.EnvFrom,
		VolumeMounts:    main.VolumeMounts,
		SecurityContext: main.SecurityContext,
		Resources:       injectedResources(main),

		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
	volume := hostfileVolume
	if isGenerated(job) {
		volume = configVolume
	}
	ensureMount(&container, corev1.VolumeMount{Name: volume, MountPath: operatorDir, ReadOnly: true})
	if keys := keysOfRoot(job); strings.HasSuffix(keys, "/.ssh") && !mountsOther(&container, keys, volume) {
		// The operator's keys hide the image's ~/.ssh/config from mpirun's ssh.
		ensureMount(&container, corev1.VolumeMount{Name: volume, MountPath: keys, ReadOnly: true})
	}
	return container
}

// keysOfRoot returns where the operator mounts the keys.
func keysOfRoot(job *v2beta1.MPIJob) string {
	if job.Spec.SSHAuthMountPath == "" {
		return rootKeysDir
	}
	return paths.Absolute(job.Spec.SSHAuthMountPath)
}

// neededWorkers returns how many workers an elastic job needs at least, or "" for all. The launcher counts as one
// of minAvailable. A job that needs all of them may be scaled before it starts.
func neededWorkers(job *v2beta1.MPIJob) string {
	policy := job.Spec.RunPolicy.SchedulingPolicy
	if policy == nil || policy.MinAvailable == nil || *policy.MinAvailable > mpijob.Workers(job) {
		return ""
	}
	return strconv.Itoa(max(int(*policy.MinAvailable)-1, 0))
}
