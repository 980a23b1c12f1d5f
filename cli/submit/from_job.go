package submit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// readJob sets the flags to those that make a lean job, and reports whether they do: a job that another program made
// may have parts that no flag sets. New claims of the job are existing ones now.
func (f *Flags) readJob(job *v2beta1.MPIJob, run invocation.Invocation) bool {
	launcher, hasLauncher := mpijob.TemplateOf(job, mpijob.Launcher)
	worker, hasWorker := mpijob.TemplateOf(job, mpijob.Worker)
	if !hasLauncher || !hasWorker || launcher.Main() == nil || worker.Main() == nil || job.Spec.SlotsPerWorker == nil {
		return false
	}
	f.readIntents(job.Annotations)
	f.Processes, f.SlotsPerWorker = strconv.Itoa(int(mpijob.Workers(job))), strconv.Itoa(int(*job.Spec.SlotsPerWorker))
	f.MPI = string(job.Spec.MPIImplementation)
	if limit := job.Spec.RunPolicy.BackoffLimit; limit != nil {
		f.BackoffLimit = strconv.Itoa(int(*limit))
	}
	f.OldCommand, f.Args = launcher.Main().Command, launcher.Main().Args
	f.HostIPC, f.HostNetwork = worker.Spec.HostIPC, worker.Spec.HostNetwork
	f.readContainer(worker.Main())
	f.readVolumes(worker)
	f.hasOwnSecret = job.Annotations[annotations.GitSyncSecretKey] == secretOf(job.Name)

	run.Words, run.Project = nil, job.Annotations[annotations.ProjectKey]
	request, _, mistakes := f.Check(&run)
	return len(mistakes) == 0 && equality.Semantic.DeepEqual(request.Job(job.Name, job.Namespace), job)
}

func (f *Flags) readIntents(values map[string]string) {
	f.Interactive = values[annotations.InteractiveKey] == "true"
	f.RunAsUser = values[annotations.RunAsUserKey] == "true"
	if home, err := strconv.ParseBool(values[annotations.CreateHomeDirKey]); err == nil {
		f.CreateHomeDir = &home
	}
	f.NodeType, f.StartTimeout = values[annotations.NodeTypeKey], values[annotations.StartTimeoutKey]
	f.GPU, f.GPUMemory, f.GPUDevices = values[annotations.GPUKey], values[annotations.GPUMemoryKey], values[annotations.GPUDevicesKey]
	f.LargeShm = LargeShm(values[annotations.LargeShmKey])
	f.GitSync = values[annotations.GitSyncKey]
	if secret := values[annotations.GitSyncSecretKey]; secret != "" && f.GitSync != "" {
		f.GitSync += ",secret=" + secret
	}
}

func (f *Flags) readContainer(main *corev1.Container) {
	f.Image, f.ImagePullPolicy, f.WorkingDir = main.Image, string(main.ImagePullPolicy), main.WorkingDir
	f.Stdin, f.TTY = ifTrue(main.Stdin), ifTrue(main.TTY)
	for _, variable := range main.Env {
		f.Environment = append(f.Environment, typedVariable(variable))
	}
	text := func(list corev1.ResourceList, name corev1.ResourceName) string {
		if quantity, present := list[name]; present {
			return quantityText(quantity)
		}
		return ""
	}
	f.CPU, f.CPULimit = text(main.Resources.Requests, corev1.ResourceCPU), text(main.Resources.Limits, corev1.ResourceCPU)
	f.Memory, f.MemoryLimit = text(main.Resources.Requests, corev1.ResourceMemory), text(main.Resources.Limits, corev1.ResourceMemory)
	f.PreventPrivilegeEscalation = main.SecurityContext != nil && main.SecurityContext.AllowPrivilegeEscalation != nil
}

func quantityText(quantity resource.Quantity) string { return quantity.String() }

func ifTrue(value bool) *bool {
	if !value {
		return nil
	}
	return &value
}

// typedVariable returns the value of --environment that sets a variable, if one does.
func typedVariable(variable corev1.EnvVar) string {
	if source := variable.ValueFrom; source != nil && source.SecretKeyRef != nil {
		return fmt.Sprintf("%s=%s%s,%s", variable.Name, secretPrefix, source.SecretKeyRef.Name, source.SecretKeyRef.Key)
	}
	return variable.Name + "=" + variable.Value
}

func (f *Flags) readVolumes(worker mpijob.Template) {
	for _, volume := range worker.Spec.Volumes {
		i := slices.IndexFunc(worker.Main().VolumeMounts, func(mount corev1.VolumeMount) bool { return mount.Name == volume.Name })
		if i < 0 {
			continue // the job is not equal to that of the flags
		}
		mount := worker.Main().VolumeMounts[i]
		mode := "rw"
		if mount.ReadOnly {
			mode = "ro"
		}
		switch {
		case volume.PersistentVolumeClaim != nil:
			f.PVC = append(f.PVC, strings.Join([]string{volume.PersistentVolumeClaim.ClaimName, mount.MountPath, mode}, ":"))
		case volume.HostPath != nil:
			f.Volume = append(f.Volume, strings.Join([]string{volume.HostPath.Path, mount.MountPath, mode}, ":"))
		case volume.NFS != nil:
			f.Volume = append(f.Volume, strings.Join([]string{volume.NFS.Path, mount.MountPath, mode, volume.NFS.Server}, ":"))
		}
	}
}
