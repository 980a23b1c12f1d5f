package prepare

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

func TestFreshCluster(t *testing.T) {
	withoutCRDs(t)
	prepares(t, identities+": created", projects+": created")
	suite.Create(t, admin, &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}})
	prepares(t, identities+": unchanged", projects+": unchanged")
}

// older is the CRD of Projects as an imaginary earlier release had it: one field less, and one that is gone now.
func older(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../charts/runai-mpi/crds/policy.run.ai_projects.yaml")
	if err != nil {
		t.Fatal(err)
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(text, crd); err != nil {
		t.Fatal(err)
	}
	crd.Annotations = nil
	delete(specOf(crd), "restrictions")
	specOf(crd)["tier"] = apiextensionsv1.JSONSchemaProps{Type: "string"}
	manifest, err := yaml.Marshal(crd)
	if err != nil {
		t.Fatal(err)
	}
	return string(manifest)
}

// A CRD of an earlier release is upgraded, whoever applied it, and nothing that is stored is lost.
func TestOlderCRD(t *testing.T) {
	for name, apply := range map[string]func(*testing.T, string){
		"by helm": func(t *testing.T, manifest string) {
			crd := &apiextensionsv1.CustomResourceDefinition{}
			if err := yaml.Unmarshal([]byte(manifest), crd); err != nil {
				t.Fatal(err)
			}
			if err := admin.Create(t.Context(), crd, client.FieldOwner("helm")); err != nil {
				t.Fatal(err)
			}
		},
		"by kubectl": func(t *testing.T, manifest string) {
			suite.Kubectl(t, cluster.User, manifest, "apply", "-f", "-")
		},
		"by kubectl on the server": func(t *testing.T, manifest string) {
			suite.Kubectl(t, cluster.User, manifest, "apply", "--server-side", "-f", "-")
		},
	} {
		t.Run(name, func(t *testing.T) {
			withoutCRDs(t)
			apply(t, older(t))
			suite.Kubectl(t, cluster.User, "", "wait", "--for=condition=Established", "crd/"+projects)
			before := createAll(t, 20)
			uid := stored(t, projects).UID

			prepares(t, identities+": created", projects+": updated")
			crd := stored(t, projects)
			if crd.UID != uid {
				t.Error("the CRD was replaced by another one")
			}
			if _, has := specOf(crd)["tier"]; has {
				t.Error("the field of the earlier release is left")
			}
			if diff := cmp.Diff(before, readAll(t)); diff != "" {
				t.Errorf("stored Projects (-before +after):\n%s", diff)
			}
			suite.Eventually(t, "the new field is stored", suite.Soon, func() error {
				return storesField(t, "restrictions", map[string]any{"hostNetwork": "Deny"})
			})
			prepares(t, identities+": unchanged", projects+": unchanged")
		})
	}
}

// createAll creates Projects, and returns what is stored of them.
func createAll(t *testing.T, n int) map[string]map[string]any {
	t.Helper()
	for i := range n {
		object := project(fmt.Sprintf("team-%02d", i))
		object.Object["spec"] = map[string]any{"queue": "q", "nodeAffinity": map[string]any{"train": []any{"dgx"}}}
		suite.Create(t, admin, object)
	}
	return readAll(t)
}

func readAll(t *testing.T) map[string]map[string]any {
	t.Helper()
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("ProjectList"))
	if err := admin.List(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]any{}
	for _, object := range list.Items {
		all[object.GetName()] = object.Object
	}
	return all
}

func project(name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": name}}}
	object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Project"))
	return object
}

// storesField returns an error if the API server drops a field of a Project's spec.
func storesField(t *testing.T, field string, value any) error {
	t.Helper()
	object := project("probe")
	object.Object["spec"] = map[string]any{field: value}
	if err := admin.Create(t.Context(), object, client.DryRunAll); err != nil {
		return err
	}
	if _, kept, _ := unstructured.NestedFieldNoCopy(object.Object, "spec", field); !kept {
		return fmt.Errorf("%s is dropped", field)
	}
	return nil
}

func TestFieldRemovedByHand(t *testing.T) {
	withoutCRDs(t)
	prepares(t, identities+": created", projects+": created")
	crd := stored(t, projects)
	delete(specOf(crd), "queue")
	if err := admin.Update(t.Context(), crd); err != nil {
		t.Fatal(err)
	}
	prepares(t, identities+": unchanged", projects+": updated")
	if _, has := specOf(stored(t, projects))["queue"]; !has {
		t.Error("the field is still missing")
	}
}

// A CRD of a later release stays: an older one would drop fields of what is stored.
func TestNewerCRD(t *testing.T) {
	withoutCRDs(t)
	prepares(t, identities+": created", projects+": created")
	crd := stored(t, projects)
	crd.Annotations["policy.run.ai/revision"] = "1000"
	specOf(crd)["tier"] = apiextensionsv1.JSONSchemaProps{Type: "string"}
	if err := admin.Update(t.Context(), crd); err != nil {
		t.Fatal(err)
	}
	suite.Eventually(t, "the field is stored", suite.Soon, func() error { return storesField(t, "tier", "gold") })

	ours := specRevision(t)
	prepares(t, identities+": unchanged",
		projects+": left as it is, because it is of a newer release: it has revision 1000, and this release has revision "+ours)
	if err := storesField(t, "tier", "gold"); err != nil {
		t.Error(err)
	}
}

func specRevision(t *testing.T) string {
	t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	text, err := os.ReadFile("../../charts/runai-mpi/crds/policy.run.ai_projects.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, crd); err != nil {
		t.Fatal(err)
	}
	return crd.Annotations["policy.run.ai/revision"]
}

// Objects are stored in a version that this release does not have.
func TestNewerStoredVersion(t *testing.T) {
	withoutCRDs(t)
	prepares(t, identities+": created", projects+": created")
	crd := stored(t, projects)
	next := *crd.Spec.Versions[0].DeepCopy()
	next.Name, crd.Spec.Versions[0].Storage = "v1", false
	crd.Spec.Versions = append(crd.Spec.Versions, next)
	if err := admin.Update(t.Context(), crd); err != nil {
		t.Fatal(err)
	}
	suite.Eventually(t, "objects are stored in v1", suite.Soon, func() error {
		return suite.Says(strings.Join(stored(t, projects).Status.StoredVersions, " "), "v1alpha1 v1")
	})
	prepares(t, identities+": unchanged", projects+": left as it is, because it is of a newer release: "+
		"it has stored objects of version v1, and this release has only v1alpha1")
}
