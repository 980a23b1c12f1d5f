// Package output prints objects of the cluster as name, YAML or JSON.
package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/shared/manifest"
)

// Write prints objects without their managed fields: as names, as YAML documents, or as one JSON value.
func Write(out io.Writer, format string, objects []*unstructured.Unstructured) error {
	var text bytes.Buffer
	shown := make([]any, 0, len(objects))
	for i, object := range objects {
		copied := object.DeepCopy()
		copied.SetManagedFields(nil)
		shown = append(shown, copied.Object)
		switch format {
		case "name":
			fmt.Fprintln(&text, nameOf(object))
		case "yaml":
			document, err := manifest.YAML(copied.Object)
			if err != nil {
				return fmt.Errorf("cannot print the object: %w", err)
			}
			if i > 0 {
				text.WriteString("---\n")
			}
			text.Write(document)
		}
	}
	if format == "json" {
		if err := writeJSON(&text, shown); err != nil {
			return fmt.Errorf("cannot print the object: %w", err)
		}
	}
	_, err := text.WriteTo(out)
	return err
}

// nameOf returns an object's name as kubectl prints it: mpijob.kubeflow.org/dist1, persistentvolumeclaim/data.
func nameOf(object *unstructured.Unstructured) string {
	kind := object.GroupVersionKind().GroupKind()
	return strings.ToLower(kind.String()) + "/" + object.GetName()
}

func writeJSON(out io.Writer, objects []any) error {
	var value any = map[string]any{"apiVersion": "v1", "kind": "List", "items": objects}
	if len(objects) == 1 {
		value = objects[0]
	}
	text, err := json.MarshalIndent(value, "", "    ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", manifest.EscapeJSON(text))
	return err
}
