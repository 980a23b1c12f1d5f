// Package lean returns what the author of a stored job wrote: the job without what the webhook, the API server and
// queues have added. It is pure.
package lean

import (
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// usual is what the policies of an older webhook, which did not record it, usually wrote to.
var usual = annotations.Written{QueueLabel: "kai.scheduler/queue", NodeTypeLabel: "run.ai/type", GPUName: "nvidia.com/gpu"}

// gates keep the pods of a job from being scheduled until the webhook has admitted it.
var gates = []corev1.PodSchedulingGate{{Name: annotations.AdmissionGate}}

// foreign are the annotations with which programs record that an object is theirs. One that the programs did not make
// must not have them: they would change it or delete it.
var foreign = []string{
	"kubectl.kubernetes.io/last-applied-configuration",
	"argocd.argoproj.io/tracking-id", "argocd.argoproj.io/installation-id",
	"meta.helm.sh/release-name", "meta.helm.sh/release-namespace",
	"objectset.rio.cattle.io/id", "objectset.rio.cattle.io/applied", "config.k8s.io/owning-inventory",
}

// WithoutOrigin removes from the annotations of a job who submitted it and which program did.
func WithoutOrigin(values map[string]string) {
	delete(values, annotations.SubmittedByKey)
	for _, key := range foreign {
		delete(values, key)
	}
}

// A stripping removes from a job what was added to it.
type stripping struct {
	job     *v2beta1.MPIJob
	intent  annotations.Intent
	applied annotations.Applied
	byRunai bool
}

// Of returns what the author of a job surely wrote. Where the author's part cannot be told from the webhook's, it
// stays, so that the result is not what any flags of submit-mpi make: whoever compares them knows.
func Of(stored *v2beta1.MPIJob) *v2beta1.MPIJob {
	job := stored.DeepCopy()
	intent, _ := annotations.Parse(job.Annotations) // a stored intent was valid
	s := stripping{job, intent, annotations.ParseApplied(job.Annotations[annotations.AppliedPoliciesKey], usual), isByRunai(job)}
	s.object()
	s.spec()
	for _, template := range mpijob.Templates(job) {
		s.pod(template)
		if main := template.Main(); main != nil {
			s.container(template, main)
		}
		template.Annotations, template.Labels = orNil(template.Annotations), orNil(template.Labels)
		if template.Labels == nil && template.Annotations == nil {
			template.ObjectMeta = metav1.ObjectMeta{}
		}
	}
	s.environment()
	return job
}

func (s stripping) has(policy string) bool { return slices.Contains(s.applied.Policies, policy) }

func (s stripping) object() {
	job := s.job
	WithoutOrigin(job.Annotations)
	delete(job.Annotations, annotations.AppliedPoliciesKey)
	if s.has("scheduling") {
		delete(job.Labels, s.applied.QueueLabel)
		if s.isInteractive() {
			delete(job.Labels, annotations.InteractivePriorityLabel)
		}
	}
	job.ObjectMeta = metav1.ObjectMeta{
		Name: job.Name, Namespace: job.Namespace, Annotations: orNil(job.Annotations), Labels: orNil(job.Labels),
	}
	job.Status = v2beta1.JobStatus{}
}

func (s stripping) isInteractive() bool { return s.intent.Interactive != nil && *s.intent.Interactive }

// spec removes the defaults of the CRD, and what steers a job that runs.
func (s stripping) spec() {
	spec := &s.job.Spec
	spec.RunPolicy.Suspend = nil
	if s.has("scheduling") && s.isInteractive() {
		spec.RunPolicy.BackoffLimit = nil
	}
	if spec.MPIImplementation == v2beta1.MPIImplementationOpenMPI {
		spec.MPIImplementation = ""
	}
	if spec.LauncherCreationPolicy == v2beta1.LauncherCreationPolicyAtStartup {
		spec.LauncherCreationPolicy = ""
	}
	if works := spec.RunLauncherAsWorker; works != nil && !*works {
		spec.RunLauncherAsWorker = nil
	}
	if spec.SSHAuthMountPath == "/root/.ssh" || s.has("ssh") {
		spec.SSHAuthMountPath = ""
	}
}

// reserved begins the names of the webhook's containers, volumes and ports.
const reserved = "runai-"

func (s stripping) pod(template mpijob.Template) {
	for key := range template.Annotations {
		if strings.HasPrefix(key, annotations.FilesPrefix) || s.has("gpu") && s.asksForGPU() && strings.HasPrefix(key, "gpu-") {
			delete(template.Annotations, key)
		}
	}
	spec := &template.Spec
	spec.InitContainers = without(spec.InitContainers, func(c corev1.Container) bool { return strings.HasPrefix(c.Name, reserved) })
	spec.Volumes = without(spec.Volumes, func(v corev1.Volume) bool { return strings.HasPrefix(v.Name, reserved) })
	if s.has("scheduling") {
		delete(template.Labels, s.applied.QueueLabel)
		spec.SchedulerName = ""
		spec.SchedulingGates = slices.Concat(spec.SchedulingGates, gates)
	}
	if s.has("node-affinity") && s.isNodeType(spec.Affinity) {
		spec.Affinity = nil
	}
	if s.has("identity") && spec.SecurityContext != nil {
		pod := spec.SecurityContext
		pod.RunAsUser, pod.RunAsGroup, pod.RunAsNonRoot, pod.SeccompProfile = nil, nil, nil, nil
		pod.SupplementalGroups, pod.SupplementalGroupsPolicy = nil, nil
		if equality.Semantic.DeepEqual(*pod, corev1.PodSecurityContext{}) {
			spec.SecurityContext = nil
		}
	}
	if s.byRunai { // which writes neither: Kueue says with them where the pods of an admitted job run
		spec.NodeSelector, spec.Tolerations = nil, nil
	}
}

// isByRunai reports whether the command line created a job: no other program has its field manager.
func isByRunai(job *v2beta1.MPIJob) bool {
	return slices.ContainsFunc(job.ManagedFields, func(entry metav1.ManagedFieldsEntry) bool {
		return strings.HasPrefix(entry.Manager, "runai-") && entry.Operation == metav1.ManagedFieldsOperationUpdate
	})
}

func (s stripping) asksForGPU() bool { return s.intent.GPU != nil || s.intent.GPUMemory != 0 }

// isNodeType reports whether an affinity asks for nothing but node types.
func (s stripping) isNodeType(affinity *corev1.Affinity) bool {
	if affinity == nil || affinity.PodAffinity != nil || affinity.PodAntiAffinity != nil || affinity.NodeAffinity == nil ||
		len(affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution) > 0 {
		return false
	}
	required := affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil || len(required.NodeSelectorTerms) != 1 {
		return false
	}
	term := required.NodeSelectorTerms[0]
	return len(term.MatchFields) == 0 && len(term.MatchExpressions) == 1 &&
		term.MatchExpressions[0].Key == s.applied.NodeTypeLabel && term.MatchExpressions[0].Operator == corev1.NodeSelectorOpIn
}

func (s stripping) container(template mpijob.Template, main *corev1.Container) {
	main.VolumeMounts = without(main.VolumeMounts, func(m corev1.VolumeMount) bool { return strings.HasPrefix(m.Name, reserved) })
	main.Ports = without(main.Ports, func(p corev1.ContainerPort) bool { return strings.HasPrefix(p.Name, reserved) })
	startsOurs := func(word string) bool { return word == reserved+"sshd" }
	if template.Role == mpijob.Worker && s.has("ssh") && slices.ContainsFunc(main.Command, startsOurs) {
		main.Command = nil
	}
	if s.has("gpu") && s.asksForGPU() {
		name := corev1.ResourceName(s.applied.GPUName)
		delete(main.Resources.Limits, name)
		delete(main.Resources.Requests, name)
	}
	main.Resources.Limits, main.Resources.Requests = orNil(main.Resources.Limits), orNil(main.Resources.Requests)
	if security := main.SecurityContext; s.has("identity") && security != nil {
		security.AllowPrivilegeEscalation, security.Capabilities = nil, nil
		if equality.Semantic.DeepEqual(*security, corev1.SecurityContext{}) {
			main.SecurityContext = nil
		}
	}
}

// environment keeps the variables of the author, which the launcher and the worker begin with: the webhook appends to
// them.
func (s stripping) environment() {
	launcher, hasLauncher := mpijob.TemplateOf(s.job, mpijob.Launcher)
	worker, hasWorker := mpijob.TemplateOf(s.job, mpijob.Worker)
	if len(s.applied.Policies) == 0 || !hasLauncher || !hasWorker || launcher.Main() == nil || worker.Main() == nil {
		return
	}
	var common []corev1.EnvVar
	others := worker.Main().Env
	for i, variable := range launcher.Main().Env {
		if i == len(others) || !equality.Semantic.DeepEqual(variable, others[i]) {
			break
		}
		common = append(common, variable)
	}
	for len(common) > 0 && s.addsToBoth(common[len(common)-1].Name) {
		common = common[:len(common)-1]
	}
	if len(common) == 0 {
		common = nil
	}
	launcher.Main().Env, worker.Main().Env = common, slices.Clone(common)
}

// addsToBoth reports whether a policy adds a variable to both roles.
func (s stripping) addsToBoth(name string) bool {
	return s.has("home-dir") && slices.Contains([]string{"HOME", "USER", "LOGNAME"}, name) ||
		s.has("git-sync") && strings.HasPrefix(name, "GIT_CONFIG_")
}

func without[T any](list []T, remove func(T) bool) []T {
	var kept []T
	for _, element := range list {
		if !remove(element) {
			kept = append(kept, element)
		}
	}
	return kept
}

func orNil[M ~map[K]V, K comparable, V any](values M) M {
	if len(values) == 0 {
		return nil
	}
	return values
}
