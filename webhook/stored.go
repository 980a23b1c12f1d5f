package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// mpiJobCRD has the fields of the CRD in a release of the MPI Operator, and the name of the release. A test writes it.
//
//go:embed mpijob_crd.json
var mpiJobCRD []byte

// A crdSchema has the fields that the API server stores of an MPIJob.
type crdSchema struct {
	operator string // the release of MPI Operator
	fields   *schema.Structural
}

var mpiJobSchema = sync.OnceValues(func() (crdSchema, error) {
	var crd struct {
		Operator string                          `json:"operator"`
		Schema   apiextensionsv1.JSONSchemaProps `json:"schema"`
	}
	if err := json.Unmarshal(mpiJobCRD, &crd); err != nil {
		return crdSchema{}, fmt.Errorf("cannot read the CRD: %w", err)
	}
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&crd.Schema, &internal, nil); err != nil {
		return crdSchema{}, fmt.Errorf("cannot read the CRD: %w", err)
	}
	fields, err := schema.NewStructural(&internal)
	if err != nil {
		return crdSchema{}, fmt.Errorf("cannot read the CRD: %w", err)
	}
	return crdSchema{crd.Operator, fields}, nil
})

// stored returns a job without the fields that the API server does not store, and a warning for each that it does
// not know.
func stored(raw []byte) (rest []byte, warnings []string, err error) {
	crd, err := mpiJobSchema()
	if err != nil {
		return nil, nil, err
	}
	var job map[string]any
	if err := utiljson.Unmarshal(raw, &job); err != nil {
		return nil, nil, fmt.Errorf("cannot read the job: %w", err)
	}
	_, hasStatus := job["status"]
	delete(job, "status") // a new job has none, whatever its manifest says, such as that of an exported job
	for _, path := range pruning.PruneWithOptions(job, crd.fields, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
		warnings = append(warnings, fmt.Sprintf("%s: the CRD of MPI Operator %s does not have this field, and the API server drops it: %s",
			withRole(path), crd.operator, crd.remedy(path)))
	}
	for _, key := range pruneMetadata(job["metadata"]) {
		warnings = append(warnings, fmt.Sprintf("metadata.%s: objects do not have this field, and the API server drops it: %s",
			key, useOrRemove("metadata.", suggest.Nearest(key, metadataKeys()))))
	}
	if len(warnings) == 0 && !hasStatus {
		return raw, nil, nil
	}
	rest, err = json.Marshal(job)
	return rest, warnings, err
}

// pruneMetadata removes the keys that ObjectMeta does not have, as the API server does, and returns them.
func pruneMetadata(metadata any) (lost []string) {
	keys, _ := metadata.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !slices.Contains(metadataKeys(), key) {
			lost = append(lost, key)
			delete(keys, key)
		}
	}
	return lost
}

func metadataKeys() []string {
	var keys []string
	meta := reflect.TypeFor[metav1.ObjectMeta]()
	for i := range meta.NumField() {
		key, _, _ := strings.Cut(meta.Field(i).Tag.Get("json"), ",")
		keys = append(keys, key)
	}
	return keys
}

// remedy names the field that was probably meant: one of MPIJob v1 that has moved, or the most similar one.
func (c crdSchema) remedy(path string) string {
	parent, key, _ := cutLast(path, ".")
	if _, moved := c.fields.Properties["spec"].Properties["runPolicy"].Properties[key]; moved && parent == "spec" {
		return "use spec.runPolicy." + key
	}
	siblings := c.at(parent)
	if siblings == nil {
		return useOrRemove("", "")
	}
	return useOrRemove(withRole(parent)+".", suggest.Nearest(key, slices.Sorted(maps.Keys(siblings.Properties))))
}

func useOrRemove(parent, key string) string {
	if key == "" {
		return "remove it"
	}
	return "use " + parent + key
}

// at returns the schema at a path such as spec.mpiReplicaSpecs.Worker.template.spec.containers[0], or nil.
func (c crdSchema) at(path string) *schema.Structural {
	at := c.fields
	for _, step := range strings.Split(path, ".") {
		key, index, _ := strings.Cut(step, "[")
		next, known := at.Properties[key]
		switch {
		case known:
			at = &next
		case at.AdditionalProperties != nil && at.AdditionalProperties.Structural != nil:
			at = at.AdditionalProperties.Structural
		default:
			return nil
		}
		for range strings.Count(index, "]") {
			if at.Items == nil {
				return nil
			}
			at = at.Items
		}
	}
	return at
}

// withRole writes a path as other messages do: spec.mpiReplicaSpecs[Worker].template.
func withRole(path string) string {
	const roles = "spec.mpiReplicaSpecs."
	rest, found := strings.CutPrefix(path, roles)
	if !found {
		return path
	}
	role, rest, nested := strings.Cut(rest, ".")
	if nested {
		rest = "." + rest
	}
	return strings.TrimSuffix(roles, ".") + "[" + role + "]" + rest
}

func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return "", text, false
	}
	return text[:i], text[i+len(separator):], true
}
