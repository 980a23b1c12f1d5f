package doctor

import (
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	installation "github.com/runai-mpi/runai-mpi/webhook/check"
	"github.com/runai-mpi/runai-mpi/webhook/crds"
	"github.com/runai-mpi/runai-mpi/webhook/server"
)

func apiChecks() []check {
	return []check{
		{
			name:   "mpijob-crd",
			about:  "a CRD of MPIJobs that is missing, too old, or of another API version",
			remedy: "install the MPI Operator v0.8",
			needs:  []Source{CRDs}, find: func(s *Snapshot) []Finding {
				return s.crdFinding(server.MPIJobCRD,
					"kubectl apply --server-side -f https://raw.githubusercontent.com/kubeflow/mpi-operator/v0.8.2/deploy/v2beta1/mpi-operator.yaml")
			},
		},
		{
			name:   "own-crds",
			about:  "a CRD of the product that is missing or older than this release",
			remedy: "run `runai-webhook prepare`, as the chart does",
			needs:  []Source{CRDs, Deployments, MutatingWebhooks, ValidatingWebhooks}, find: ownCRDs,
		},
	}
}

func ownCRDs(s *Snapshot) []Finding {
	if !s.isInstalled() {
		return nil
	}
	var findings []Finding
	for _, name := range crds.Names() {
		findings = append(findings, s.crdFinding(name, "runai-webhook prepare --kubeconfig FILE")...)
	}
	return findings
}

func (s *Snapshot) crdFinding(name, fix string) []Finding {
	means := "it does not exist"
	i := slices.IndexFunc(s.CRDs, func(crd apiextensionsv1.CustomResourceDefinition) bool { return crd.Name == name })
	if i >= 0 {
		means = installation.CRDProblem(&s.CRDs[i])
	}
	if means == "" {
		return nil
	}
	return []Finding{{Subject: "CRD " + name, Means: means, Fix: fix}}
}
