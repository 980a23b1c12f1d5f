// Package review decides on requests for MPIJobs: it makes a new job comply with the policies, validates
// the result, and says what an update changes. All of it are pure functions of values: nothing here
// touches a network, a file or a clock.
package review
