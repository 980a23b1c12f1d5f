package bench

import (
	"context"
	"fmt"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// sampleJob returns a job as runai writes it, with several intents.
func sampleJob(n int) *v2beta1.MPIJob {
	return mpijobtest.MakeMPIJob("dist1", namespaceName(n)).Workers(2).Gate(annotations.AdmissionGate).
		Annotation(annotations.RunAsUserKey, "true").Annotation(annotations.ProjectKey, projectName(n%projects)).
		Annotation(annotations.GPUKey, "2").Annotation(annotations.NodeTypeKey, "dgx").Annotation(annotations.LargeShmKey, "8Gi").Obj()
}

// admitted returns the job of a person as it would be stored in a project.
func admitted(ctx context.Context, who, project int) (*v2beta1.MPIJob, error) {
	config := rest.CopyConfig(product.Config)
	config.WarningHandler = rest.NoWarnings{}
	config.Impersonate = rest.ImpersonationConfig{UserName: subject(who), Groups: []string{"system:masters"}}
	user, err := client.New(config, client.Options{Scheme: product.Client.Scheme(), Mapper: product.Client.RESTMapper()})
	if err != nil {
		return nil, err
	}
	job := sampleJob(project)
	return job, user.Create(ctx, job, client.DryRunAll)
}

func admittedAs(ctx context.Context, who, project int) error {
	job, err := admitted(ctx, who, project)
	if err != nil {
		return err
	}
	stamp, err := annotations.ParseStamp(job.Annotations)
	if err != nil {
		return err
	}
	if want := person(who).Spec.UID; stamp == nil || stamp.Identity == nil || stamp.Identity.UID != want {
		return fmt.Errorf("the job of %s is stamped %v, without uid %d", subject(who), stamp, want)
	}
	return nil
}

func awaitAdmission(t testing.TB, who, project int) {
	t.Helper()
	what := fmt.Sprintf("the job of %s in %s is admitted", subject(who), namespaceName(project))
	suite.Eventually(t, what, suite.Soon, func() error { return admittedAs(t.Context(), who, project) })
}
