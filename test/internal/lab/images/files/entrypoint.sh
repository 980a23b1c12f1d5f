#!/bin/bash
# Does what the entrypoint of mpi-operator's image of MPICH does: a launcher looks up all names before it starts.
look_up() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		nslookup "$1" >/dev/null && return
		sleep 1
	done
	echo "cannot look up $1"
}
if [ "$K_MPI_JOB_ROLE" = launcher ]; then
	look_up "$HOSTNAME"
	cut -d : -f 1 /etc/mpi/hostfile | while read -r host; do look_up "$host"; done
fi
exec "$@"
