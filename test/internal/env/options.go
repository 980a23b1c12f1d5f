package env

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

// Options say what runs. The zero value is etcd, kube-apiserver and mpi-operator.
type Options struct {
	// ControllerManager turns Jobs into Pods, collects garbage and ends namespaces.
	ControllerManager bool
	// AllControllers run where Pods really run: they make tokens, endpoints and the rest of it.
	AllControllers bool
	// Scheduler binds Pods to the nodes that AddNode makes.
	Scheduler bool
	// WithoutOperator leaves mpi-operator out; MPIJobs are only stored.
	WithoutOperator bool

	// CRDPaths are files or folders with CustomResourceDefinitions beside the MPIJob's.
	CRDPaths []string
	// CRDs are further ones.
	CRDs []*apiextensionsv1.CustomResourceDefinition

	// Address is where the API server listens, on a port of its own choice; empty: on loopback.
	Address string
	// APIServerFlags are set in the place of envtest's of the same name, without the dashes.
	APIServerFlags map[string]string
	// Authentication is an AuthenticationConfiguration; without it, only certificates authenticate.
	Authentication string
	// AuditPolicy is an audit.k8s.io/v1 Policy; if set, AuditLog tells where its events are.
	AuditPolicy string

	// Dir is where the environment makes its folder; empty: where temporary files go.
	Dir string
	// LogDir keeps the logs; without it they go away with the environment.
	LogDir string
}

// Binaries are those that run with these options.
func (o Options) Binaries() []binaries.Name {
	names := []binaries.Name{binaries.Etcd, binaries.APIServer}
	if o.anyControllers() {
		names = append(names, binaries.ControllerManager)
	}
	if o.Scheduler {
		names = append(names, binaries.Scheduler)
	}
	if !o.WithoutOperator {
		names = append(names, binaries.MPIOperator)
	}
	return names
}

func (o Options) anyControllers() bool { return o.ControllerManager || o.AllControllers }
