package crds

import (
	"fmt"
	"slices"
	"strconv"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/charts"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// RevisionAnnotation numbers the states of a CRD. It is in the CRD's file, so that it arrives in a cluster however the
// file is applied, and shows there which of two releases is newer.
const RevisionAnnotation = "policy.run.ai/revision"

// A definition is an embedded CRD.
type definition struct {
	*apiextensionsv1.CustomResourceDefinition

	json []byte // as it is applied: without the empty fields of the type
}

// embedded returns the CRDs in this program. The package's tests read them.
func embedded() []definition {
	texts, err := charts.CRDs()
	if err != nil {
		panic(err)
	}
	all := make([]definition, 0, len(texts))
	for _, text := range texts {
		json, err := yaml.YAMLToJSONStrict(text)
		if err != nil {
			panic(err)
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(text, crd); err != nil {
			panic(err)
		}
		all = append(all, definition{crd, json})
	}
	return all
}

// whyNewer says in which way a CRD in the cluster is of a newer release than the embedded one, or returns "".
func (d definition) whyNewer(stored *apiextensionsv1.CustomResourceDefinition) string {
	if revision := revisionOf(stored); revision > revisionOf(d.CustomResourceDefinition) {
		return fmt.Sprintf("it has revision %d, and this release has revision %d", revision, revisionOf(d.CustomResourceDefinition))
	}
	for _, version := range stored.Status.StoredVersions {
		if !slices.ContainsFunc(d.Spec.Versions, func(ours apiextensionsv1.CustomResourceDefinitionVersion) bool { return ours.Name == version }) {
			return fmt.Sprintf("it has stored objects of version %s, and this release has only %s", version, v1alpha1.GroupVersion.Version)
		}
	}
	return ""
}

// revisionOf returns the revision of a CRD. Those from before there were revisions have 0.
func revisionOf(crd metav1.Object) int {
	revision, err := strconv.Atoi(crd.GetAnnotations()[RevisionAnnotation])
	if err != nil {
		return 0
	}
	return revision
}

// Names returns the names of the embedded CRDs.
func Names() []string {
	var names []string
	for _, definition := range embedded() {
		names = append(names, definition.Name)
	}
	return names
}

// Outdated says that a CRD in the cluster is of an older release than the embedded one, or returns "".
func Outdated(stored *apiextensionsv1.CustomResourceDefinition) string {
	for _, definition := range embedded() {
		if has, ours := revisionOf(stored), revisionOf(definition); definition.Name == stored.Name && has < ours {
			return fmt.Sprintf("it has revision %d, and this release needs %d: run 'runai-webhook prepare'", has, ours)
		}
	}
	return ""
}
