package lab

import (
	"net"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
)

// Options say what runs. The zero value is a control plane with the real scheduler, mpi-operator, and
// the real node.
type Options struct {
	// Env configures the control plane, except for its controllers, scheduler and address.
	Env env.Options
	// GPUNodes adds two groups of simulated nodes, whose pods have a status but do not run.
	GPUNodes bool
	// Detached lets Down end the lab. A test's lab can be ended only by the test.
	Detached bool
}

// forNode returns the options of a control plane with a real node.
func (o Options) forNode(dir string) env.Options {
	options := o.Env
	options.AllControllers, options.Scheduler = true, true
	options.Dir, options.Address, options.ServiceAddress = dir, HostAddress, net.ParseIP(serviceAddress)
	options.APIServerFlags = map[string]string{
		"authorization-mode":              "Node,RBAC",
		"enable-admission-plugins":        "NodeRestriction",
		"disable-admission-plugins":       "", // envtest disables ServiceAccount
		"service-cluster-ip-range":        serviceRange,
		"advertise-address":               HostAddress,
		"kubelet-preferred-address-types": "InternalIP",
	}
	for name, value := range o.Env.APIServerFlags {
		options.APIServerFlags[name] = value
	}
	return options
}
