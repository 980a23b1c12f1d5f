// Package jobs has the commands for MPIJobs in the cluster: list, describe, logs and delete.
package jobs
