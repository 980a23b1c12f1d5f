package chart

import (
	"errors"
	"fmt"
	"io"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Objects are rendered manifests, in the order of their installation, CRDs first.
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

// Find decodes the one object of a kind and name into a type, or any name if that is "".
func (o Objects) Find(kind, name string, into any) error {
	var found []*unstructured.Unstructured
	for _, object := range o {
		if object.GetKind() == kind && (name == "" || object.GetName() == name) {
			found = append(found, object)
		}
	}
	if len(found) != 1 {
		return fmt.Errorf("there are %d objects %s %s, not one", len(found), kind, name)
	}
	return runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(found[0].Object, into, true)
}

// CRDs are those among the objects.
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
