// Package review decides on requests for MPIJobs: it makes a new job comply with the policies, validates
// the result, and classifies updates. All functions are pure: nothing here uses a network, a file or a
// clock.
package review
