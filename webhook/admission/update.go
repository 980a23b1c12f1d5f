package admission

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/patch"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// An update is a stored job and what somebody makes of it.
type update struct{ stored, updated *v2beta1.MPIJob }

func decodeUpdate(request admission.Request) (update, error) {
	stored, err := Decode(request.OldObject.Raw)
	if err != nil {
		return update{}, err
	}
	updated, err := Decode(request.Object.Raw)
	return update{stored, updated}, err
}

// update lets pass what only steers a job, restores a job to which its manifest was applied again, and
// refuses the rest.
func (m *Mutator) update(ctx context.Context, request admission.Request) admission.Response {
	u, err := decodeUpdate(request)
	if err != nil {
		return refuse(err)
	}
	change, paths, err := judge(ctx, m.Projects, m.Admitter, u, request.Namespace)
	switch {
	case err != nil:
		return refuse(err)
	case change == policy.Allowed:
		return admission.Allowed("what runs stays")
	case change == policy.Refused:
		return refuse(unchangeable(u, paths))
	}
	operations, err := restore(m.Admitter, request.OldObject.Raw, request.Object.Raw)
	if err != nil {
		return refuse(err)
	}
	return admit(operations, nil, "restored")
}

func judge(ctx context.Context, projects Projects, admitter policy.Admitter, u update, namespace string) (policy.Change, []string, error) {
	return admitter.Judge(u.stored, u.updated, func() (*v1alpha1.Project, error) {
		place, err := projects.PlaceOf(ctx, namespace)
		return place.Project, err
	})
}

func unchangeable(u update, paths []string) error {
	return apierrors.NewInvalid(v2beta1.SchemeGroupVersionKind.GroupKind(), u.stored.Name, field.ErrorList{
		field.Forbidden(field.NewPath("spec"), "what a job runs cannot be changed after its submission ("+strings.Join(paths, ", ")+"): delete it and submit it again"),
	})
}

// restore puts back what is governed, as it is stored, with fields that the Go types do not know.
func restore(admitter policy.Admitter, stored, updated []byte) ([]patch.Operation, error) {
	var before, after struct {
		Metadata struct {
			Annotations map[string]string `json:"annotations"`
			Labels      map[string]string `json:"labels"`
		} `json:"metadata"`
		Spec map[string]json.RawMessage `json:"spec"`
	}
	if err := json.Unmarshal(stored, &before); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(updated, &after); err != nil {
		return nil, err
	}
	spec := maps.Clone(before.Spec)
	delete(spec, "runPolicy")
	if runPolicy, present := after.Spec["runPolicy"]; present {
		spec["runPolicy"] = runPolicy
	}
	operations := []patch.Operation{{Op: "replace", Path: "/spec", Value: spec}}
	operations = append(operations, restoreMap("/metadata/annotations", before.Metadata.Annotations, after.Metadata.Annotations, policy.IsOurs)...)
	return append(operations, restoreMap("/metadata/labels", before.Metadata.Labels, after.Metadata.Labels, admitter.IsGovernedLabel)...), nil
}

// restoreMap replaces the whole map where a governed entry of it differs: it may be missing.
func restoreMap(path string, before, after map[string]string, governed func(string) bool) []patch.Operation {
	restored := maps.Clone(after)
	maps.DeleteFunc(restored, func(key, _ string) bool { return governed(key) })
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if !governed(key) {
			continue
		}
		if restored == nil {
			restored = map[string]string{}
		}
		restored[key] = before[key]
	}
	switch {
	case maps.Equal(restored, after):
		return nil
	case len(restored) == 0:
		return []patch.Operation{{Op: "remove", Path: path}}
	}
	return []patch.Operation{{Op: "add", Path: path, Value: restored}}
}
