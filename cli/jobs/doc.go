// Package jobs has the commands for MPIJobs in the cluster.
package jobs
