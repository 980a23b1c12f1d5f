package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsclient "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/typed/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/webhook/apiserver"
	"github.com/runai-mpi/runai-mpi/webhook/crds"
	"github.com/runai-mpi/runai-mpi/webhook/server"
)

// crdsOf checks the CRDs of the product and that of MPIJobs.
func crdsOf(ctx context.Context, cluster apiextensionsclient.CustomResourceDefinitionInterface) ([]Result, error) {
	var results []Result
	for _, name := range crds.Names() {
		result, err := checkCRD(ctx, cluster, name, "run 'runai-webhook prepare'", crds.Outdated)
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	result, err := checkCRD(ctx, cluster, server.MPIJobCRD, "install the MPI Operator v0.8", servesMPIJobs)
	return append(results, result), err
}

// checkCRD reads a CRD. remedy is what to do if there is none, and judge says what else is wrong, or returns "". It
// returns an error if the API server does not answer.
func checkCRD(ctx context.Context, cluster apiextensionsclient.CustomResourceDefinitionInterface, name, remedy string,
	judge func(*apiextensionsv1.CustomResourceDefinition) string,
) (Result, error) {
	result := Result{Subject: "CRD " + name}
	crd, err := cluster.Get(ctx, name, metav1.GetOptions{})
	switch {
	case apiserver.IsUnanswered(err):
		return result, apiserver.Explain(err)
	case apierrors.IsNotFound(err):
		result.Problem = "not found: " + remedy
	case err != nil:
		result.Problem = "cannot read it: " + err.Error()
	case crd.DeletionTimestamp != nil:
		result.Problem = "it is being deleted: when it is gone, " + remedy
	case !slices.ContainsFunc(crd.Status.Conditions, established):
		result.Problem = "the API server does not serve it: see its conditions in 'kubectl describe crd " + name + "'"
	default:
		result.Problem = judge(crd)
	}
	return result, nil
}

func established(condition apiextensionsv1.CustomResourceDefinitionCondition) bool {
	return condition.Type == apiextensionsv1.Established && condition.Status == apiextensionsv1.ConditionTrue
}

// servesMPIJobs says what the CRD of MPIJobs lacks, or returns "".
func servesMPIJobs(crd *apiextensionsv1.CustomResourceDefinition) string {
	const version = "v2beta1"
	for _, served := range crd.Spec.Versions {
		if served.Name != version || !served.Served {
			continue
		}
		if missing := server.MissingFields(crd); len(missing) > 0 {
			return fmt.Sprintf("it has no %s: install the CRD of MPI Operator v0.8", strings.Join(missing, " and no "))
		}
		return ""
	}
	return fmt.Sprintf("it does not serve %s: install the CRD of MPI Operator v0.8", v2beta1.SchemeGroupVersion)
}
