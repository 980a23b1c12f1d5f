// Package config has the ClusterPolicy: its type, its documented default, strict loading and validation.
// An administrator decides in this file how a cluster treats MPIJobs.
package config
