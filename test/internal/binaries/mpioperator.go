package binaries

import "time"

const mpiOperatorModule = "github.com/kubeflow/mpi-operator"

// MPIOperatorHealthAddressEnv is the environment variable that sets the address of the health endpoint in our
// build of mpi-operator.
const MPIOperatorHealthAddressEnv = "MPI_OPERATOR_HEALTH_ADDRESS"

// mpiOperatorPatch is needed because the health endpoint listens on a fixed port of all interfaces, while tests
// use only loopback and run several operators.
var mpiOperatorPatch = patch{
	module: mpiOperatorModule,
	edits: []edit{{
		file:    "cmd/mpi-operator/app/server.go",
		lines:   `Addr:    fmt.Sprintf(":%d", healthCheckPort),`,
		replace: `Addr:    healthAddress(),`,
		append: `
func healthAddress() string {
	if address := os.Getenv("` + MPIOperatorHealthAddressEnv + `"); address != "" {
		return address
	}
	return fmt.Sprintf(":%d", healthCheckPort)
}
`,
	}},
}

func (c *catalog) addOperator() error {
	operator, err := c.server("mpi-operator", mpiOperatorModule)
	if err != nil {
		return err
	}
	unpatched := *operator
	operator.patch = &mpiOperatorPatch
	c.binaries = append(c.binaries,
		operator.command(MPIOperator, "cmd/mpi-operator", 3*time.Minute),
		unpatched.tests(OperatorTests, "test/e2e", 2*time.Minute),
	)
	return nil
}
