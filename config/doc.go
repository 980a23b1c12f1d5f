// Package config is the ClusterPolicy: the file in which an administrator says how a cluster treats
// MPIJobs. It has the type, the documented default, strict loading and validation.
package config
