package policy

import (
	_ "embed"
	"strconv"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

const gateContainer = "runai-start-gate"

// gateScript returns when the names of all workers resolve: the operator's headless Service publishes
// the names of ready pods only.
//
//go:embed start_gate.sh
var gateScript string

// anySocketListens finds a listening socket (state 0A) of the pod on any port, because the port of its
// sshd is unknown.
var anySocketListens = []string{"sh", "-c", "grep -q ' 0A ' /proc/net/tcp /proc/net/tcp6"}

// startGate makes the launcher wait for its workers. The operator's own WaitForWorkersReady is no
// replacement: a suspended job ignores it, a failed worker blocks it, and gang scheduling deadlocks.
var startGate = Policy{
	Name: "start-gate",
	Doc: Doc{
		Does: "Adds an init container to the launcher that waits until all workers are ready, and fails the job after `start.timeout`. " +
			"A worker without a command and without a readiness probe gets a probe that waits for its sshd.",
		Applies: "To every job if `start.gate` is true, except a job with `runLauncherAsWorker` or `launcherCreationPolicy: WaitForWorkersReady`.",
		Reads:   []string{"start.gate", "start.timeout"},
	},
	AppliesTo: needsStartGate,
	Ensure:    ensureStartGate,
	Owns: func(*v2beta1.MPIJob, Input) Ownership {
		return Ownership{Containers: []string{gateContainer}, Fields: []string{"template.spec.containers[0].readinessProbe"}}
	},
	Undo: func(u Undoing) {
		ours := listens(corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: anySocketListens}})
		u.removeProbe(func(probe *corev1.Probe) bool { return equality.Semantic.DeepEqual(probe, ours) })
	},
}

func needsStartGate(job *v2beta1.MPIJob, in Input) bool {
	return in.Cluster.Start.Gate && !mpijob.LauncherWorks(job) && job.Spec.LauncherCreationPolicy != v2beta1.LauncherCreationPolicyWaitForWorkersReady
}

func ensureStartGate(job *v2beta1.MPIJob, in Input) field.ErrorList {
	launcher, hasLauncher := mpijob.TemplateOf(job, mpijob.Launcher)
	worker, hasWorker := mpijob.TemplateOf(job, mpijob.Worker)
	if !hasLauncher || !hasWorker || launcher.Main() == nil || worker.Main() == nil {
		return nil // reported by the final validation
	}
	main := worker.Main()
	if len(main.Command) == 0 && len(main.Args) == 0 && main.ReadinessProbe == nil { // the operator starts sshd
		main.ReadinessProbe = listens(corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: anySocketListens}})
	}
	if err := ensureInitContainer(launcher, in, gate(launcher, mpijob.Workers(job), in.Cluster.Start.Timeout.Duration), "the start gate"); err != nil {
		return field.ErrorList{err}
	}
	return nil
}

// gate returns the init container with the script. It uses the job's own image, which has ssh and so a
// resolver.
func gate(launcher mpijob.Template, workers int32, timeout time.Duration) corev1.Container {
	main := launcher.Main()
	fieldRef := func(path string) *corev1.EnvVarSource {
		return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path}}
	}
	container := corev1.Container{
		Name:            gateContainer,
		Image:           main.Image,
		ImagePullPolicy: main.ImagePullPolicy,
		Command:         []string{"sh", "-c", gateScript, gateContainer, strconv.Itoa(int(workers)), strconv.Itoa(int(timeout.Seconds()))},
		Env: []corev1.EnvVar{
			{Name: "JOB", ValueFrom: fieldRef("metadata.labels['" + v2beta1.JobNameLabel + "']")},
			{Name: "NAMESPACE", ValueFrom: fieldRef("metadata.namespace")},
		},
		Resources:       injectedResources(main),
		SecurityContext: main.SecurityContext.DeepCopy(),

		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
	return container
}
