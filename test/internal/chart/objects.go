package chart

import (
	"errors"
	"fmt"
	"io"
	"slices"

	release "helm.sh/helm/v4/pkg/release/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Objects are rendered manifests in the order of installation: CRDs first, hooks last.
type Objects []*unstructured.Unstructured

// Decode reads manifests.
func Decode(text io.Reader) (Objects, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(text, 4096)
	var objects Objects
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read the manifests: %w", err)
		}
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}

// Find decodes the only object with a kind and a name, or with any name if name is "".
func (o Objects) Find(kind, name string, into any) error {
	var found []*unstructured.Unstructured
	for _, object := range o {
		if object.GetKind() == kind && (name == "" || object.GetName() == name) {
			found = append(found, object)
		}
	}
	if len(found) != 1 {
		return fmt.Errorf("found %d objects %s %s, want one", len(found), kind, name)
	}
	return runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(found[0].Object, into, true)
}

// CRDs returns the CustomResourceDefinitions among the objects.
func (o Objects) CRDs() []*apiextensionsv1.CustomResourceDefinition {
	var all []*apiextensionsv1.CustomResourceDefinition
	for _, object := range o {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if object.GetKind() == "CustomResourceDefinition" &&
			runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, crd) == nil {
			all = append(all, crd)
		}
	}
	return all
}

// WithoutHooks returns the objects that stay: helm creates a hook for a moment, and waits for its end.
func (o Objects) WithoutHooks() Objects {
	return slices.DeleteFunc(slices.Clone(o), func(object *unstructured.Unstructured) bool { return isHook(object) })
}

// Hooks returns the hooks.
func (o Objects) Hooks() Objects {
	return slices.DeleteFunc(slices.Clone(o), func(object *unstructured.Unstructured) bool { return !isHook(object) })
}

func isHook(object *unstructured.Unstructured) bool {
	_, ok := object.GetAnnotations()[release.HookAnnotation]
	return ok
}
