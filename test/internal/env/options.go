package env

import (
	"net"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

// Options say what runs. The zero value is etcd, kube-apiserver and mpi-operator.
type Options struct {
	// ControllerManager turns Jobs into Pods, collects garbage and ends namespaces.
	ControllerManager bool
	// AllControllers runs all controllers, which make tokens, endpoints and whatever else running Pods need.
	AllControllers bool
	// ControllerAccounts lets each controller act as its own service account, as in most clusters. Default: all act as the
	// administrator.
	ControllerAccounts bool
	// Scheduler binds Pods to the nodes that AddNode makes.
	Scheduler bool
	// WithoutOperator does not run mpi-operator: MPIJobs are only stored.
	WithoutOperator bool

	// CRDPaths are files or folders with CustomResourceDefinitions in addition to MPIJob's.
	CRDPaths []string
	// CRDs are additional CustomResourceDefinitions.
	CRDs []*apiextensionsv1.CustomResourceDefinition

	// Address is where the API server listens, on a free port. Default: loopback.
	Address string
	// ServiceAddress is where pods reach the API server: the first address of the range of Services. It is used only
	// with Address.
	ServiceAddress net.IP
	// APIServerFlags override envtest's flags. Names have no dashes in front.
	APIServerFlags map[string]string
	// Authentication is an AuthenticationConfiguration. Default: only certificates authenticate.
	Authentication string
	// Admission is an AdmissionConfiguration. Default: only objects configure admission.
	Admission string
	// AuditPolicy is an audit.k8s.io/v1 Policy. If it is set, its events are written to AuditLog.
	AuditPolicy string

	// Dir is where the environment makes its folder. Default: the folder for temporary files.
	Dir string
	// LogDir keeps the logs. Default: they are removed with the environment.
	LogDir string
}

// Binaries returns the names of the binaries that run with these options.
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
