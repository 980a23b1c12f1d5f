package forgery

import (
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// ownedJobs creates two jobs as alice, one of them suspended, and returns their names.
func ownedJobs(t *testing.T, namespace string) []string {
	t.Helper()
	alice, yes := login(t, broker, alices), true
	suite.Create(t, alice, mpijobtest.MakeMPIJob("running", namespace).Obj())
	suspended := mpijobtest.MakeMPIJob("suspended", namespace).Obj()
	suspended.Spec.RunPolicy.Suspend = &yes
	suite.Create(t, alice, suspended)
	return []string{"running", "suspended"}
}

// whatRuns are changes of what a job runs, or of its identity.
var whatRuns = []attempt{
	{"command", inWorker(func(spec *corev1.PodSpec) { spec.Containers[0].Command = []string{"steal"} }), ""},
	{"image", inLauncher(func(spec *corev1.PodSpec) { spec.Containers[0].Image = "example/steal" }), ""},
	{"environment", inWorker(func(spec *corev1.PodSpec) {
		spec.Containers[0].Env = append(spec.Containers[0].Env, corev1.EnvVar{Name: "LD_PRELOAD", Value: "/steal.so"})
	}), ""},
	{"volumes", inWorker(func(spec *corev1.PodSpec) { spec.Volumes = append(spec.Volumes, corev1.Volume{Name: "steal"}) }), ""},
	{"an init container", inLauncher(func(spec *corev1.PodSpec) {
		spec.InitContainers = append(spec.InitContainers, corev1.Container{Name: "steal", Image: "x"})
	}), ""},
	{"service account", inWorker(func(spec *corev1.PodSpec) { spec.ServiceAccountName = "other" }), ""},
	{"ssh path", func(job *v2beta1.MPIJob) { job.Spec.SSHAuthMountPath = "/steal" }, ""},
	{"a role", func(job *v2beta1.MPIJob) {
		job.Spec.MPIReplicaSpecs["Other"] = job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].DeepCopy()
	}, ""},
	{"intent", func(job *v2beta1.MPIJob) { job.Annotations[annotations.CreateHomeDirKey] = "false" }, ""},
}

func tryOn(t *testing.T, user client.Client, namespace string, jobs []string) {
	t.Helper()
	for _, name := range jobs {
		for _, a := range whatRuns {
			job := product.Job(t, namespace, name)
			a.change(job)
			isRefused(t, a.name+" of the "+name+" job", user.Update(t.Context(), job), "cannot be changed after submission")
		}
		runsAs(t, product.Job(t, namespace, name), "saml:alice", 1234567, 54000)
	}
}

// A colleague and the owner change what a job runs.
func TestT12Colleague(t *testing.T) {
	namespace := product.AddProject(t, "t12", required)
	jobs := ownedJobs(t, namespace)
	tryOn(t, login(t, broker, bobs), namespace, jobs)
	tryOn(t, login(t, broker, alices), namespace, jobs)
}

// steer suspends, resumes, scales and places jobs, as queues do and colleagues may.
func steer(t *testing.T, user client.Client, namespace string, jobs []string) {
	t.Helper()
	for _, name := range jobs {
		for _, suspend := range []bool{true, false} {
			err := retry.RetryOnConflict(retry.DefaultRetry, func() error { // the operator writes too
				job, replicas := product.Job(t, namespace, name), int32(2)
				job.Spec.RunPolicy.Suspend = &suspend
				job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Replicas = &replicas
				inWorker(func(spec *corev1.PodSpec) { spec.NodeSelector = map[string]string{"pool": "a"} })(job)
				return user.Update(t.Context(), job)
			})
			if err != nil {
				t.Errorf("suspended %t: %s", suspend, err)
			}
		}
		runsAs(t, product.Job(t, namespace, name), "saml:alice", 1234567, 54000)
	}
}

// A colleague resumes and scales a job: it keeps running as its owner.
func TestT13ColleagueSteers(t *testing.T) {
	namespace := product.AddProject(t, "t13", required)
	steer(t, login(t, broker, bobs), namespace, ownedJobs(t, namespace))
}

// Controllers steer a job with their own tokens.
func TestT14Controllers(t *testing.T) {
	namespace := product.AddProject(t, "t14", required)
	jobs := ownedJobs(t, namespace)
	steer(t, serviceAccount(t, "mpi-operator", "mpi-operator"), namespace, jobs)
	steer(t, serviceAccount(t, "kueue-system", "kueue-controller-manager"), namespace, jobs)
}

// A compromised controller changes what a job runs, and submits a job.
func TestT15CompromisedController(t *testing.T) {
	namespace := product.AddProject(t, "t15", required)
	jobs := ownedJobs(t, namespace)
	for _, account := range []string{"mpi-operator", "kueue-controller-manager"} {
		controller := serviceAccount(t, "controllers", account)
		tryOn(t, controller, namespace, jobs)
		own := mpijobtest.MakeMPIJob("own", namespace).Annotation(annotations.SubmittedByKey, forgedStamp).Obj()
		isRefused(t, "a job of its own", controller.Create(t.Context(), own),
			"the cluster has no UID and GID for system:serviceaccount:controllers:"+account)
	}
}

// Somebody leads a stored job to nodes on which its ids mean nothing. Selecting Linux is harmless.
func TestT07LedToWindows(t *testing.T) {
	namespace := product.AddProject(t, "t07-windows", required)
	jobs := ownedJobs(t, namespace)
	for _, user := range []client.Client{login(t, broker, bobs), serviceAccount(t, "kueue-system", "kueue-controller-manager")} {
		for _, name := range jobs {
			for _, label := range []string{"kubernetes.io/os", "beta.kubernetes.io/os"} {
				lead := func(system string) error {
					return retry.RetryOnConflict(retry.DefaultRetry, func() error { // the operator writes too
						job := product.Job(t, namespace, name)
						inWorker(func(spec *corev1.PodSpec) { spec.NodeSelector = map[string]string{label: system} })(job)
						return user.Update(t.Context(), job)
					})
				}
				isRefused(t, label+" of the "+name+" job", lead("windows"), "Windows has no POSIX users")
				if err := lead("linux"); err != nil {
					t.Errorf("%s of the %s job: %s", label, name, err)
				}
			}
		}
	}
}
