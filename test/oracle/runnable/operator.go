// Package runnable asks the MPI Operator's and Kubernetes' own code whether a job can run: the operator makes the
// pods, and the API server's registries judge them as they judge what is created.
package runnable

import (
	"cmp"
	"context"
	_ "unsafe" // for go:linkname

	"github.com/kubeflow/mpi-operator/cmd/mpi-operator/app/options"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	mpifake "github.com/kubeflow/mpi-operator/pkg/client/clientset/versioned/fake"
	mpiinformers "github.com/kubeflow/mpi-operator/pkg/client/informers/externalversions"
	"github.com/kubeflow/mpi-operator/pkg/controller"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	kubeinformers "k8s.io/client-go/informers"
	kubefake "k8s.io/client-go/kubernetes/fake"
)

// The operator does not export what makes its objects. Its controller would make them, too, but needs a
// hundred times as long.

//go:linkname newWorker github.com/kubeflow/mpi-operator/pkg/controller.(*MPIJobController).newWorker
func newWorker(c *controller.MPIJobController, job *v2beta1.MPIJob, index int) *corev1.Pod

//go:linkname newLauncherJob github.com/kubeflow/mpi-operator/pkg/controller.(*MPIJobController).newLauncherJob
func newLauncherJob(c *controller.MPIJobController, job *v2beta1.MPIJob) *batchv1.Job

// suffix is what the API server may append to a generateName.
const suffix = "x7x9z"

// An Operator makes the objects of jobs as the MPI Operator does.
type Operator struct{ controller *controller.MPIJobController }

// NewOperator returns an operator that talks to no cluster.
func NewOperator(ctx context.Context) (*Operator, error) {
	kube, mpi := kubefake.NewClientset(), mpifake.NewSimpleClientset()
	informers := kubeinformers.NewSharedInformerFactory(kube, 0)
	core := informers.Core().V1()
	made, err := controller.NewMPIJobController(ctx, kube, mpi, nil, nil, core.ConfigMaps(), core.Secrets(), core.Services(),
		informers.Batch().V1().Jobs(), core.Pods(), informers.Scheduling().V1().PriorityClasses(),
		mpiinformers.NewSharedInformerFactory(mpi, 0).Kubeflow().V2beta1().MPIJobs(), &options.ServerOption{})
	return &Operator{made}, err
}

// Objects returns the job of the launcher and the pod of the last worker, whose name is the longest. It is nil for a
// job without workers.
func (o *Operator) Objects(job *v2beta1.MPIJob) (*batchv1.Job, *corev1.Pod) {
	defaulted := job.DeepCopy()
	v2beta1.SetDefaults_MPIJob(defaulted)
	defaulted.Name = cmp.Or(defaulted.Name, defaulted.GenerateName+suffix)
	defaulted.UID = "00000000-1111-2222-3333-444444444444"
	workers := defaulted.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker]
	if workers == nil || *workers.Replicas == 0 {
		return newLauncherJob(o.controller, defaulted), nil
	}
	return newLauncherJob(o.controller, defaulted), newWorker(o.controller, defaulted, int(*workers.Replicas)-1)
}
