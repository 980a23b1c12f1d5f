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
		result, err := checkCRD(ctx, cluster, name, applyCRDs)
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	result, err := checkCRD(ctx, cluster, server.MPIJobCRD, installOperator)
	return append(results, result), err
}

// checkCRD reads a CRD. remedy is what to do if there is none. It returns an error if the API server does not answer.
func checkCRD(ctx context.Context, cluster apiextensionsclient.CustomResourceDefinitionInterface, name, remedy string) (Result, error) {
	result := Result{Subject: "CRD " + name}
	crd, err := cluster.Get(ctx, name, metav1.GetOptions{})
	switch {
	case apiserver.IsUnanswered(err):
		return result, apiserver.Explain(err)
	case apierrors.IsNotFound(err):
		result.Problem = "not found: " + remedy
	case err != nil:
		result.Problem = "cannot read it: " + err.Error()
	default:
		result.Problem = CRDProblem(crd)
	}
	return result, nil
}

// CRDProblem says what is wrong with a CRD that the product needs, or returns "".
func CRDProblem(crd *apiextensionsv1.CustomResourceDefinition) string {
	if crd.Name == server.MPIJobCRD {
		return problemOf(crd, installOperator, servesMPIJobs)
	}
	return problemOf(crd, applyCRDs, crds.Outdated)
}

// What to do about a CRD that is missing.
const (
	installOperator = "install the MPI Operator v0.8"
	applyCRDs       = "run 'runai-webhook prepare'"
)

func problemOf(crd *apiextensionsv1.CustomResourceDefinition, remedy string, judge func(*apiextensionsv1.CustomResourceDefinition) string) string {
	switch {
	case crd.DeletionTimestamp != nil:
		return "it is being deleted: when it is gone, " + remedy
	case !slices.ContainsFunc(crd.Status.Conditions, established):
		return "the API server does not serve it: see its conditions in 'kubectl describe crd " + crd.Name + "'"
	}
	return judge(crd)
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
