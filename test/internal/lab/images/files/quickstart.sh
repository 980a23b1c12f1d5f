#!/bin/sh
# Runs one rank on each worker, and refuses to guess how many there are.
set -eu
if [ -z "${RUNAI_MPI_NUM_WORKERS:-}" ]; then
	echo "RUNAI_MPI_NUM_WORKERS is not set" >&2
	exit 1
fi
hosts=$(grep -c . /etc/mpi/hostfile)
if [ "$hosts" != "$RUNAI_MPI_NUM_WORKERS" ]; then
	echo "RUNAI_MPI_NUM_WORKERS is $RUNAI_MPI_NUM_WORKERS, but /etc/mpi/hostfile names $hosts workers" >&2
	exit 1
fi
sleep "${RUNAI_SLEEP_SECS:-0}"
exec mpirun --allow-run-as-root -np "$RUNAI_MPI_NUM_WORKERS" \
	sh -c 'echo "host $(hostname) rank $OMPI_COMM_WORLD_RANK of $OMPI_COMM_WORLD_SIZE"'
