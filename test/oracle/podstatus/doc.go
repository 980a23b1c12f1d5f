// Package podstatus compares what runai says about a pod with what kubectl prints.
package podstatus
