package lab

import (
	"github.com/runai-mpi/runai-mpi/test/internal/env"
)

// Options say what runs. The zero value is a control plane with the real scheduler, mpi-operator, and
// the real node.
type Options struct {
	// Env is for the control plane; the lab decides about its controllers, scheduler and address.
	Env env.Options
	// GPUNodes adds two groups of nodes of which only their pods' states exist.
	GPUNodes bool
	// Detached lets Down end the lab; a test's lab is nobody else's to end.
	Detached bool
}

// forNode is what a control plane needs on which a node relies.
func (o Options) forNode(dir string) env.Options {
	options := o.Env
	options.AllControllers, options.Scheduler = true, true
	options.Dir, options.Address = dir, HostAddress
	options.APIServerFlags = map[string]string{
		"authorization-mode":              "Node,RBAC",
		"enable-admission-plugins":        "NodeRestriction",
		"disable-admission-plugins":       "", // envtest's default takes service accounts away
		"service-cluster-ip-range":        serviceRange,
		"advertise-address":               HostAddress,
		"enable-aggregator-routing":       "true",
		"kubelet-preferred-address-types": "InternalIP",
	}
	for name, value := range o.Env.APIServerFlags {
		options.APIServerFlags[name] = value
	}
	return options
}
