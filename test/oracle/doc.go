// Package oracle uses Kubernetes' own code to find the identity of each process in a job, and fuzzes the
// policies with it: a job is refused, or all its processes run as its submitter.
package oracle
