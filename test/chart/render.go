// Package chart renders the Helm chart with the real helm, for tests and demos.
package chart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Release and Namespace are the names under which the chart is rendered.
const (
	Release   = "runai-mpi"
	Namespace = "runai-system"
)

// Objects are a rendered chart, in helm's order of installation, CRDs first.
type Objects []*unstructured.Unstructured

// Render runs helm template; args are further ones, such as --set key=value.
func Render(ctx context.Context, helm, chart string, args ...string) (Objects, error) {
	var stdout, stderr bytes.Buffer
	args = append([]string{"template", Release, chart, "--namespace", Namespace, "--include-crds"}, args...)
	cmd := exec.CommandContext(ctx, helm, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("helm: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return decode(&stdout)
}

func decode(text io.Reader) (Objects, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(text, 4096)
	var objects Objects
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read what helm rendered: %w", err)
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
		return fmt.Errorf("the chart has %d objects %s %s, not one", len(found), kind, name)
	}
	return runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(found[0].Object, into, true)
}
