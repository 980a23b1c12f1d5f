package integration

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// Fields of a newer CRD that the webhook does not know survive every policy, and no update changes them, except for
// those of how a job is run.
func TestUnknownFieldsSurvive(t *testing.T) {
	product.Upgrade(t, "--set", "policy.scheduling.schedulerName=kai-scheduler", "--set", "policy.gpu.fractions=KAI")
	namespace := product.AddProject(t, "future", dgx)
	extendCRD(t)
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(futureJob), object); err != nil {
		t.Fatal(err)
	}
	object.SetNamespace(namespace)
	waitForFuture(t, object)
	product.Create(t, object)
	applied := object.GetAnnotations()["run.ai/applied-policies"]
	if !strings.HasPrefix(applied, "scheduling,node-affinity,gpu,home-dir,ssh,launcher-env,large-shm,git-sync,start-gate ") {
		t.Errorf("only %s were applied", applied)
	}
	got, want := strings.Count(canonical(t, object.Object["spec"]), `"future": "kept"`), strings.Count(futureJob, "future: kept")
	if got != want {
		t.Errorf("%d of %d unknown fields are left:\n%s", got, want, canonical(t, object.Object["spec"]))
	}
	for what, patch := range map[string]string{
		"the spec": `{"spec":{"future":"changed"}}`,
		"a pod":    fmt.Sprintf(roleOf, `{"template":{"spec":{"future":"changed"}}}`),
		"a field":  fmt.Sprintf(roleOf, `{"template":{"spec":{"workloadRef":{"name":"other"}}}}`),
	} {
		err := mergePatch(t, product.Client, object.DeepCopy(), patch)
		if err := suite.Refused(err, "what a job runs cannot be changed after submission"); err != nil {
			t.Errorf("%s: %s", what, err)
		}
	}
	if err := mergePatch(t, product.Client, object.DeepCopy(), `{"spec":{"runPolicy":{"future":"changed","suspend":true}}}`); err != nil {
		t.Errorf("how it is run: %s", err)
	}
}

const futureJob = `
apiVersion: kubeflow.org/v2beta1
kind: MPIJob
metadata:
  name: future
  annotations:
    run.ai/gpu: "0.5"
    run.ai/large-shm: "true"
    run.ai/interactive: "true"
    run.ai/node-type: t4
    run.ai/create-home-dir: "true"
    run.ai/git-sync: "source=https://git.example.com/code"
spec:
  future: kept
  runPolicy: {future: kept}
  mpiReplicaSpecs:
    Launcher:
      replicas: 1
      template:
        metadata: {future: kept}
        spec:
          future: kept
          schedulingGates: [{name: example.com/other, future: kept}, {name: run.ai/admission}]
          containers: [{name: mpi, image: example/train, future: kept, resources: {future: kept}}]
          initContainers: [{name: prepare, image: example/prepare, future: kept}]
    Worker:
      replicas: 1
      template:
        metadata: {future: kept}
        spec:
          future: kept
          volumes: [{name: data, future: kept, emptyDir: {future: kept}}]
          containers: [{name: mpi, image: example/train, future: kept, resources: {future: kept, limits: {nvidia.com/gpu: 500m}}}]
          initContainers: [{name: prepare, image: example/prepare, future: kept}]
`

// extendCRD makes every object in an MPIJob's spec keep unknown fields until the test ends.
func extendCRD(t *testing.T) {
	t.Helper()
	key := client.ObjectKey{Name: "mpijobs." + v2beta1.GroupName}
	change := func(ctx context.Context, to func(*apiextensionsv1.CustomResourceDefinition)) {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := product.Client.Get(ctx, key, crd); err != nil {
			t.Fatal(err)
		}
		to(crd)
		if err := product.Client.Update(ctx, crd); err != nil {
			t.Fatal(err)
		}
	}
	var original []apiextensionsv1.CustomResourceDefinitionVersion
	change(t.Context(), func(crd *apiextensionsv1.CustomResourceDefinition) {
		original = crd.DeepCopy().Spec.Versions
		for i := range crd.Spec.Versions {
			root := crd.Spec.Versions[i].Schema.OpenAPIV3Schema
			spec := root.Properties["spec"]
			keepUnknown(&spec)
			root.Properties["spec"] = spec
		}
	})
	t.Cleanup(func() {
		change(context.WithoutCancel(t.Context()), func(crd *apiextensionsv1.CustomResourceDefinition) { crd.Spec.Versions = original })
	})
}

func keepUnknown(schema *apiextensionsv1.JSONSchemaProps) {
	if schema.Type == "object" && schema.AdditionalProperties == nil {
		keep := true
		schema.XPreserveUnknownFields = &keep
	}
	for name, property := range schema.Properties {
		keepUnknown(&property)
		schema.Properties[name] = property
	}
	if schema.Items != nil && schema.Items.Schema != nil {
		keepUnknown(schema.Items.Schema)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		keepUnknown(schema.AdditionalProperties.Schema)
	}
}

// waitForFuture waits until the API server serves the changed schema.
func waitForFuture(t *testing.T, job *unstructured.Unstructured) {
	t.Helper()
	suite.Eventually(t, "an unknown field is kept", suite.Soon, func() error {
		probe := job.DeepCopy()
		if err := product.Client.Create(t.Context(), probe, client.DryRunAll); err != nil {
			return err
		}
		if _, kept, _ := unstructured.NestedString(probe.Object, "spec", "future"); !kept {
			return errors.New("the API server prunes it")
		}
		return nil
	})
}
