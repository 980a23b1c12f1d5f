//go:build tools

// Package tools keeps in go.mod what only mpi-operator's own e2e tests import.
package tools

import (
	_ "github.com/onsi/ginkgo"
	_ "github.com/onsi/gomega"
	_ "sigs.k8s.io/controller-runtime"
)
