// Package prepare tests what runai-webhook prepare does to the CRDs of a real API server.
package prepare

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const (
	projects   = "projects.policy.run.ai"
	identities = "posixidentities.policy.run.ai"
)

var (
	cluster  *env.Env
	admin    client.Client
	programs install.Programs
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	var err error
	if cluster, err = env.Start(ctx, env.Options{WithoutOperator: true}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := cluster.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	scheme := runtime.NewScheme()
	programs, err = install.Build(ctx, cluster.Dir)
	if err := errors.Join(err, apiextensionsv1.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if admin, err = client.New(cluster.Config, client.Options{Scheme: scheme}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// prepare runs the real runai-webhook prepare.
func prepare(t *testing.T, kubeconfig string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), programs.Webhook, append([]string{"prepare", "--kubeconfig=" + kubeconfig}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// prepares runs it as the administrator, and fails the test unless it prints these lines after that about the policy.
func prepares(t *testing.T, want ...string) {
	t.Helper()
	stdout, stderr, code := prepare(t, cluster.Kubeconfig())
	if got := withoutWaiting(stdout); code != 0 || stderr != "" || got != "the cluster policy is valid\n"+strings.Join(want, "\n")+"\n" {
		t.Fatalf("exit code %d, %s%s", code, got, stderr)
	}
}

// withoutWaiting removes what is printed only on a slow machine.
func withoutWaiting(text string) string {
	var rest strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains(line, ": waiting: the API server does not serve it yet") {
			rest.WriteString(line)
		}
	}
	return rest.String()
}

// withoutCRDs removes both CRDs, with all of their objects.
func withoutCRDs(t *testing.T) {
	t.Helper()
	for _, name := range []string{projects, identities} {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := admin.Get(t.Context(), client.ObjectKey{Name: name}, crd); apierrors.IsNotFound(err) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		// The API server lists its objects before it deletes them, and backs off while it cannot.
		suite.Eventually(t, name+" can be listed", suite.Soon, func() error {
			list := &unstructured.UnstructuredList{}
			list.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(crd.Spec.Names.ListKind))
			return admin.List(t.Context(), list)
		})
		if err := admin.Delete(t.Context(), crd); err != nil {
			t.Fatal(err)
		}
		suite.Eventually(t, name+" is gone", 4*suite.Soon, func() error {
			err := admin.Get(t.Context(), client.ObjectKeyFromObject(crd), crd)
			if err == nil {
				return fmt.Errorf("it is there: %+v", crd.Status.Conditions)
			}
			return client.IgnoreNotFound(err)
		})
	}
}

func stored(t *testing.T, name string) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := admin.Get(t.Context(), client.ObjectKey{Name: name}, crd); err != nil {
		t.Fatal(err)
	}
	return crd
}

// specOf returns the schema of the fields below spec.
func specOf(crd *apiextensionsv1.CustomResourceDefinition) map[string]apiextensionsv1.JSONSchemaProps {
	return crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"].Properties
}

func writeFile(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
