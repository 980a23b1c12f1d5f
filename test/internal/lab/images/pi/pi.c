/* Computes pi by the midpoint rule, each rank a share of the intervals, and prints where the ranks are. */
#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv) {
	const long intervals = 10 * 1000 * 1000;
	char host[MPI_MAX_PROCESSOR_NAME];
	int rank, ranks, length;
	double sum = 0, pi = 0;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &ranks);
	MPI_Get_processor_name(host, &length);
	printf("rank %d of %d is on %s\n", rank, ranks, host);

	for (long i = rank; i < intervals; i += ranks) {
		double x = (i + 0.5) / intervals;
		sum += 4 / (1 + x * x) / intervals;
	}
	MPI_Reduce(&sum, &pi, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
	if (rank == 0)
		printf("pi is about %.9f\n", pi);
	MPI_Finalize();
	return 0;
}
