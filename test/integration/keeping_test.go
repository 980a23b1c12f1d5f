package integration

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
)

// The operator's own examples keep what their authors wrote, and can be applied again. This also holds with an
// identity, unless they are refused: those that run as mpiuser run as the user here, but they configure their own
// sshd.
func TestOperatorsExamplesAreKept(t *testing.T) {
	namespace := product.AddProject(t, "kept-examples", v1alpha1.ProjectSpec{})
	mpiuser := as(t, "saml:mpiuser", map[string][]string{"run.ai/uid": {"1000"}, "run.ai/gid": {"1000"}})
	for _, path := range examples(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		t.Run(name, func(t *testing.T) {
			sent := example(t, path, name, namespace)
			if _, err := applyTwice(t, mpiuser, sent); err != nil {
				t.Fatal(err)
			}
			keeps(t, sent, product.Job(t, namespace, name))
		})
		t.Run(name+" with an identity", func(t *testing.T) {
			sent := example(t, path, name+"-identity", namespace)
			sent.Annotations = map[string]string{annotations.RunAsUserKey: "true"}
			refusal, err := applyTwice(t, mpiuser, sent)
			switch {
			case err == nil:
				keeps(t, sent, product.Job(t, namespace, sent.Name))
			case !strings.Contains(refusal, "/home/mpiuser/.sshd_config") || !strings.Contains(refusal, "remove"):
				t.Error(refusal)
			}
		})
	}
}

func example(t *testing.T, path, name, namespace string) *v2beta1.MPIJob {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	job := &v2beta1.MPIJob{}
	if err := yaml.UnmarshalStrict(data, job); err != nil {
		t.Fatal(err)
	}
	job.Name, job.Namespace = name, namespace
	return job
}

// applyTwice applies a manifest, and again, which must change nothing. It returns what kubectl said if the manifest
// is refused.
func applyTwice(t *testing.T, user *env.User, job *v2beta1.MPIJob) (refusal string, err error) {
	t.Helper()
	manifest, err := yaml.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	apply := func() (string, error) {
		_, stderr, err := user.Kubectl(t.Context(), strings.NewReader(string(manifest)), "apply", "-f", "-")
		return stderr, err
	}
	if refusal, err := apply(); err != nil {
		return refusal, err
	}
	before := product.Job(t, job.Namespace, job.Name)
	if stderr, err := apply(); err != nil {
		t.Errorf("applied again: %s", stderr)
	}
	if diff := cmp.Diff(comparable(before), comparable(product.Job(t, job.Namespace, job.Name))); diff != "" {
		t.Errorf("applied again (-before +now):\n%s", diff)
	}
	return "", nil
}

// keeps asserts that a stored job still has what its author wrote. A worker's command line may get more words: the
// options of its sshd.
func keeps(t *testing.T, sent, stored *v2beta1.MPIJob) {
	t.Helper()
	for role, spec := range sent.Spec.MPIReplicaSpecs {
		for i, want := range spec.Template.Spec.Containers {
			got := stored.Spec.MPIReplicaSpecs[role].Template.Spec.Containers[i]
			commandLine, now := slices.Concat(want.Command, want.Args), slices.Concat(got.Command, got.Args)
			if role == v2beta1.MPIReplicaTypeLauncher && !slices.Equal(commandLine, now) || !hasInOrder(now, commandLine) {
				t.Errorf("the command line of the %s was %q and is %q", role, commandLine, now)
			}
			// What policies add comes after what the user wrote.
			got.Ports, got.Env = got.Ports[:min(len(want.Ports), len(got.Ports))], got.Env[:min(len(want.Env), len(got.Env))]
			if diff := cmp.Diff(written(want), written(got), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the %s (-sent +stored):\n%s", role, diff)
			}
		}
	}
}

// written returns the part of a container that no policy changes if nobody asks for it.
func written(c corev1.Container) corev1.Container {
	return corev1.Container{
		Name: c.Name, Image: c.Image, ImagePullPolicy: c.ImagePullPolicy, WorkingDir: c.WorkingDir,
		Ports: c.Ports, Env: c.Env, EnvFrom: c.EnvFrom, Resources: c.Resources,
	}
}

// hasInOrder reports whether the words are in the list, in their order.
func hasInOrder(list, words []string) bool {
	for _, word := range list {
		if len(words) > 0 && word == words[0] {
			words = words[1:]
		}
	}
	return len(words) == 0
}
