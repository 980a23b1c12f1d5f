// Package oracle asks Kubernetes' own code as whom the processes of a job run, and fuzzes the policies
// with the answer: a job is refused, or nobody in it is anybody but its submitter.
package oracle
