package operatortests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
)

// LeftOut are the tests of what a lab does not have: Intel MPI, and two other schedulers.
var LeftOut = regexp.MustCompile(`Intel|scheduler-plugins|volcano`)

// A Result says how a test ended.
type Result struct {
	Passed bool
	// Output is what the test printed.
	Output string
}

// List returns the names of the tests, in the order in which they are written, without those left out.
func List(ctx context.Context) ([]string, error) {
	cases, output, err := run(ctx, "", "-ginkgo.dryRun")
	if err != nil {
		return nil, fmt.Errorf("cannot list mpi-operator's tests: %w: %s", err, output)
	}
	var names []string
	for _, c := range cases {
		if !LeftOut.MatchString(c.Name) {
			names = append(names, c.Name)
		}
	}
	return names, nil
}

// RunTest runs one test as a user. It returns an error only if the test did not run.
func RunTest(ctx context.Context, user *env.User, name string) (Result, error) {
	// The text that the expression has to match begins with the name of the suite.
	only := "^[^:]* " + regexp.QuoteMeta(name) + "$"
	cases, output, err := run(ctx, user.Kubeconfig(), "-ginkgo.focus="+only)
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return Result{}, fmt.Errorf("cannot run %q: %w: %s", name, err, output)
	}
	for _, c := range cases {
		if c.Name == name && c.Skipped == nil {
			return Result{Passed: err == nil && c.Failure == nil, Output: output}, nil
		}
	}
	return Result{}, fmt.Errorf("%q did not run: %s", name, output)
}

// run runs the program and reads its report.
func run(ctx context.Context, kubeconfig string, args ...string) (cases []testCase, output string, err error) {
	set, err := binaries.Find(binaries.OperatorTests)
	if err != nil {
		return nil, "", err
	}
	dir, err := os.MkdirTemp("", "runai-mpi-operator-")
	if err != nil {
		return nil, "", fmt.Errorf("cannot make a folder for the report: %w", err)
	}
	defer os.RemoveAll(dir)
	report := filepath.Join(dir, "report.xml")
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, set[binaries.OperatorTests],
		append([]string{"-ginkgo.noColor", "-ginkgo.reportFile=" + report}, args...)...)
	cmd.Dir = dir
	cmd.Env = []string{
		"HOME=" + dir,
		"KUBECONFIG=" + kubeconfig,
		"USE_EXISTING_CLUSTER=true",
		"USE_EXISTING_OPERATOR=true",
		"TEST_OPENMPI_IMAGE=" + images.OperatorOpenMPI5,
		"TEST_MPICH_IMAGE=" + images.OperatorMPICH,
	}
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	cases, readErr := readReport(report)
	if readErr != nil {
		return nil, out.String(), errors.Join(err, readErr)
	}
	return cases, strings.TrimSpace(out.String()), err
}
