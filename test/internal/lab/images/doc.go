// Package images makes the container images of the lab without a registry: Debian systems that
// mmdebstrap makes from packages, with files of ours on top.
package images
