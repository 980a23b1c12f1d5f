package binaries

// MPIOperatorHealthAddressEnv names the variable from which our build of
// mpi-operator takes the address of its health endpoint.
const MPIOperatorHealthAddressEnv = "MPI_OPERATOR_HEALTH_ADDRESS"

// mpiOperatorPatch exists because the health endpoint listens on a constant port of all interfaces: tests
// stay on loopback and run several operators.
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
