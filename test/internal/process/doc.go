// Package process runs child processes that end with their parent: each has a
// log file, a bounded start and a bounded stop.
package process
