package backstop

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// tryClaims lets the controller of JobSets make claims for alice. Only new ones are accepted.
func (p people) tryClaims(t *testing.T, namespace string, as form) {
	t.Helper()
	create := func(spec, metadata map[string]any, subPath string) error {
		set := jobSet(metav1.ObjectMeta{Namespace: namespace, Name: "claims"}, alice).(*unstructured.Unstructured)
		size := map[string]any{"requests": map[string]any{"storage": "1Gi"}}
		claim := map[string]any{"accessModes": []any{"ReadWriteMany"}, "resources": size}
		for key, value := range spec {
			claim[key] = value
		}
		meta := map[string]any{"name": "data"}
		for key, value := range metadata {
			meta[key] = value
		}
		fields := set.Object["spec"].(map[string]any)
		fields["volumeClaimPolicies"] = []any{map[string]any{"templates": []any{map[string]any{"metadata": meta, "spec": claim}}}}
		mount(fields, map[string]any{"name": "data", "mountPath": "/data", "subPath": subPath})
		return product.ClientOf(t, p.us).Create(t.Context(), set, client.DryRunAll)
	}
	source := map[string]any{"kind": "PersistentVolumeClaim", "name": "bobs"}
	for name, err := range map[string]error{
		"a volume of somebody else": create(map[string]any{"volumeName": "bobs"}, nil, ""),
		"a clone":                   create(map[string]any{"dataSource": source}, nil, ""),
		"an annotation":             create(nil, map[string]any{"annotations": map[string]any{"nfs.io/storage-path": "bob"}}, ""),
		"a directory of a claim":    create(nil, nil, "home/bob"),
	} {
		if err := refusedBy(as, err); err != nil {
			t.Errorf("%s: %s", name, err)
		}
	}
	if err := create(nil, nil, ""); err != nil {
		t.Errorf("a new claim: %s", err)
	}
}

// mount adds a mount to the containers of a JobSet.
func mount(spec, mount map[string]any) {
	for _, job := range spec["replicatedJobs"].([]any) {
		pod, _, _ := unstructured.NestedFieldNoCopy(job.(map[string]any), "template", "spec", "template", "spec")
		for _, container := range pod.(map[string]any)["containers"].([]any) {
			container.(map[string]any)["volumeMounts"] = []any{mount}
		}
	}
}
