package binaries

// MPIOperatorHealthAddressEnv is the environment variable that sets the address of the health endpoint in our
// build of mpi-operator.
const MPIOperatorHealthAddressEnv = "MPI_OPERATOR_HEALTH_ADDRESS"

// mpiOperatorPatch is needed because the health endpoint listens on a fixed port of all interfaces, while tests
// use only loopback and run several operators.
var mpiOperatorPatch = patch{
	module:  "github.com/kubeflow/mpi-operator",
	file:    "cmd/mpi-operator/app/server.go",
	line:    `Addr:    fmt.Sprintf(":%d", healthCheckPort),`,
	replace: `Addr:    healthAddress(),`,
	append: `
func healthAddress() string {
	if address := os.Getenv("` + MPIOperatorHealthAddressEnv + `"); address != "" {
		return address
	}
	return fmt.Sprintf(":%d", healthCheckPort)
}
`,
}
