// Package jobs has the commands that follow an MPIJob up: list, describe, logs and delete.
package jobs
