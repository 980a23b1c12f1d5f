package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/test/golden"
)

// The embedded fields are those of the CRD in the release of MPI Operator that the module requires.
func TestEmbeddedCRD(t *testing.T) {
	const operator = "github.com/kubeflow/mpi-operator"
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", operator).Output()
	if err != nil {
		t.Fatal(err)
	}
	version, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	text, err := os.ReadFile(filepath.Join(dir, "manifests", "base", "kubeflow.org_mpijobs.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var crd struct {
		Spec struct {
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema map[string]any }
			}
		}
	}
	if err := yaml.Unmarshal(text, &crd); err != nil {
		t.Fatal(err)
	}
	for _, served := range crd.Spec.Versions {
		if served.Name != "v2beta1" {
			continue
		}
		fields, err := json.Marshal(map[string]any{"operator": version, "schema": fieldsOf(served.Schema.OpenAPIV3Schema)})
		if err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, "mpijob_crd.json", string(fields)+"\n")
	}
}

// fieldsOf returns a schema with what decides about unknown fields only: no descriptions and no validation.
func fieldsOf(schema map[string]any) map[string]any {
	fields := map[string]any{}
	for key, value := range schema {
		part, isSchema := value.(map[string]any)
		switch {
		case key == "type" || strings.HasPrefix(key, "x-kubernetes-") && (strings.Contains(key, "preserve") || strings.Contains(key, "embedded") || strings.Contains(key, "int-or")):
			fields[key] = value
		case isSchema && (key == "items" || key == "additionalProperties"):
			fields[key] = fieldsOf(part)
		case isSchema && key == "properties":
			properties := map[string]any{}
			for name, property := range part {
				properties[name] = fieldsOf(property.(map[string]any))
			}
			fields[key] = properties
		}
	}
	return fields
}

func TestFieldsThatAreNotStored(t *testing.T) {
	raw, err := yaml.YAMLToJSON([]byte(readFile(t, "testdata/lossy.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	rest, warnings, err := stored(raw)
	if err != nil {
		t.Fatal(err)
	}
	const ours = ": the CRD of MPI Operator v0.8.2 does not have this field, and the API server drops it: "
	const launcher, worker = "spec.mpiReplicaSpecs[Launcher]", "spec.mpiReplicaSpecs[Worker]"
	want := []string{
		"metadata.annotation: objects do not have this field, and the API server drops it: use metadata.annotations",
		"spec.cleanPodPolicy" + ours + "use spec.runPolicy.cleanPodPolicy",
		"spec.activeDeadlineSeconds" + ours + "use spec.runPolicy.activeDeadlineSeconds",
		"spec.slotPerWorker" + ours + "use spec.slotsPerWorker",
		launcher + ".replica" + ours + "use " + launcher + ".replicas",
		launcher + ".template.metadata.label" + ours + "use " + launcher + ".template.metadata.labels",
		launcher + ".template.spec.nodeselector" + ours + "use " + launcher + ".template.spec.nodeSelector",
		launcher + ".template.spec.containers[0].comand" + ours + "use " + launcher + ".template.spec.containers[0].command",
		launcher + ".template.spec.containers[0].env[0].valeu" + ours + "use " + launcher + ".template.spec.containers[0].env[0].value",
		launcher + ".template.spec.containers[0].resources.limit" + ours + "use " + launcher + ".template.spec.containers[0].resources.limits",
		worker + ".template.spec.volumes[0].hostpath" + ours + "use " + worker + ".template.spec.volumes[0].hostPath",
		worker + ".template.spec.volumes[0].qwxyz" + ours + "remove it",
	}
	slices.Sort(want)
	slices.Sort(warnings)
	if diff := cmp.Diff(want, warnings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, lost := range []string{"annotation\"", "cleanPodPolicy", "comand", "valeu", "qwxyz", "status"} {
		if strings.Contains(string(rest), lost) {
			t.Errorf("%s is left: %s", lost, rest)
		}
	}
	if again, warnings, err := stored(rest); err != nil || len(warnings) > 0 || string(again) != string(rest) {
		t.Errorf("the second time: %v %v", warnings, err)
	}
}
