package review

import (
	"encoding/json"
	"iter"
	"maps"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"

	"github.com/runai-mpi/runai-mpi/webhook/patch"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

type rawJob struct {
	Metadata struct {
		Annotations map[string]string `json:"annotations"`
		Labels      map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec rawObject `json:"spec"`
}

type rawObject map[string]json.RawMessage

// Restore returns the patch that restores the governed part of an updated job to what is stored, including
// fields that the Go types do not know. Stored is the decoded storedRaw. It returns an error if the JSON of
// one of the jobs cannot be decoded.
func (r Reviewer) Restore(stored *v2beta1.MPIJob, storedRaw, updatedRaw []byte) ([]patch.Operation, error) {
	var before, after rawJob
	if err := json.Unmarshal(storedRaw, &before); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(updatedRaw, &after); err != nil {
		return nil, err
	}
	owned := r.ownedIn(stored)
	spec := maps.Clone(before.Spec)
	runPolicy, err := keepOwned(before.Spec["runPolicy"], after.Spec["runPolicy"], runPolicyField, owned)
	if err != nil {
		return nil, err
	}
	delete(spec, "runPolicy")
	if runPolicy != nil {
		spec["runPolicy"] = runPolicy
	}
	return slices.Concat(
		[]patch.Operation{{Op: "replace", Path: "/spec", Value: spec}},
		restoreMap("/metadata/annotations", before.Metadata.Annotations, after.Metadata.Annotations, isGovernedAnnotation(owned)),
		restoreMap("/metadata/labels", before.Metadata.Labels, after.Metadata.Labels, owned.HasLabel),
	), nil
}

// keepOwned returns the updated object with the fields that a policy owns as they were before, or nil if
// both are missing.
func keepOwned(before, after json.RawMessage, path string, owned policy.Ownership) (json.RawMessage, error) {
	if owned.HasField(path) {
		return before, nil
	}
	var old, object rawObject
	wasObject, isObject := json.Unmarshal(before, &old) == nil, json.Unmarshal(after, &object) == nil
	if !isObject && (len(after) > 0 || !wasObject) {
		return after, nil
	}
	merged := rawObject{}
	for key := range keys(old, object) {
		value, err := keepOwned(old[key], object[key], path+"."+key, owned)
		if err != nil {
			return nil, err
		}
		if value != nil {
			merged[key] = value
		}
	}
	if len(merged) == 0 && len(after) == 0 {
		return nil, nil
	}
	return json.Marshal(merged)
}

func keys(objects ...rawObject) iter.Seq[string] {
	all := rawObject{}
	for _, object := range objects {
		maps.Copy(all, object)
	}
	return maps.Keys(all)
}

// restoreMap replaces the whole map if a governed entry differs, because the updated job may have no map.
func restoreMap(path string, before, after map[string]string, governed func(string) bool) []patch.Operation {
	restored := filtered(after, func(key string) bool { return !governed(key) })
	for key, value := range filtered(before, governed) {
		if restored == nil {
			restored = map[string]string{}
		}
		restored[key] = value
	}
	switch {
	case maps.Equal(restored, after):
		return nil
	case len(restored) == 0:
		return []patch.Operation{{Op: "remove", Path: path}}
	}
	return []patch.Operation{{Op: "add", Path: path, Value: restored}}
}
