package crds

import (
	"fmt"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"github.com/runai-mpi/runai-mpi/webhook/apiserver"
)

// MissingMPIJobs returns a sentence if the cluster does not serve MPIJobs, or if that cannot be found out, and "" if it
// serves them. Every account may ask for what a cluster serves.
func MissingMPIJobs(config *rest.Config) string {
	config = rest.CopyConfig(config)
	config.Timeout = requestTime
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return fmt.Sprintf("cannot look up the CRD of MPIJobs: %s", err)
	}
	group := v2beta1.SchemeGroupVersion.String()
	resources, err := client.ServerResourcesForGroupVersion(group)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Sprintf("cannot look up the CRD of MPIJobs: %s", apiserver.Explain(err))
	}
	if resources != nil {
		for _, resource := range resources.APIResources {
			if resource.Name == "mpijobs" {
				return ""
			}
		}
	}
	return "the cluster does not serve MPIJobs (" + group + "): install the MPI Operator, without which no job runs"
}
