// Package output prints objects of the cluster in the formats of kubectl. A terminal shows every character of them.
package output

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/shared/manifest"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// Print prints objects without their managed fields: one after the other, or as JSON in a List if there are several.
func Print(run *invocation.Invocation, format Format, objects ...*unstructured.Unstructured) error {
	if format == json && len(objects) > 1 {
		return PrintList(run, format, objects)
	}
	printer, err := format.printer()
	if err != nil {
		return fmt.Errorf("cannot print the object: %w", err)
	}
	printer = &printers.OmitManagedFieldsPrinter{Delegate: printer}
	var text bytes.Buffer
	for _, object := range objects {
		if err := printer.PrintObj(object, &text); err != nil {
			return invocation.Failure{fmt.Sprintf("cannot print with --output %q: %s", string(format), shortened(err.Error()))}
		}
	}
	_, err = io.WriteString(run.JobOutput, escape(text.String()))
	return err
}

// mostOfError is how much of a library's error is printed: some have the whole object.
const mostOfError = 500

func shortened(text string) string {
	if chars := []rune(text); len(chars) > mostOfError {
		return string(chars[:mostOfError]) + "…"
	}
	return text
}

// PrintList prints objects as kubectl get prints several: as one List, or their names.
func PrintList(run *invocation.Invocation, format Format, objects []*unstructured.Unstructured) error {
	if format == name {
		return Print(run, format, objects...)
	}
	items := make([]any, 0, len(objects))
	for _, object := range objects {
		copied := object.DeepCopy()
		copied.SetManagedFields(nil)
		items = append(items, copied.Object)
	}
	return Print(run, format, asObject(map[string]any{"apiVersion": "v1", "kind": "List", "items": items}))
}

// escape replaces what a terminal would obey, except for tabs, which only the user's template can have.
func escape(text string) string {
	parts := strings.Split(text, "\t")
	for i, part := range parts {
		// rule T39 in test/integration TestT39HostileText: a template that prints an annotation that rewrites the terminal
		// without: parts[i] = part + terminal.Escape("")
		parts[i] = terminal.Escape(part)
	}
	return strings.Join(parts, "\t")
}

func asObject(content map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: content}
}

// jsonPrinter writes hidden characters as JSON's own escape sequences.
func jsonPrinter() printers.ResourcePrinter {
	plain := &printers.JSONPrinter{}
	return printers.ResourcePrinterFunc(func(object runtime.Object, out io.Writer) error {
		var text bytes.Buffer
		if err := plain.PrintObj(object, &text); err != nil {
			return err
		}
		_, err := out.Write(manifest.EscapeJSON(text.Bytes()))
		return err
	})
}

// yamlPrinter writes documents, with hidden characters as YAML's own escape sequences.
func yamlPrinter() printers.ResourcePrinter {
	printed := 0
	return printers.ResourcePrinterFunc(func(object runtime.Object, out io.Writer) error {
		document, err := manifest.YAML(contentOf(object))
		if err != nil {
			return err
		}
		if printed++; printed > 1 {
			document = append([]byte("---\n"), document...)
		}
		_, err = out.Write(document)
		return err
	})
}

// onEscaped returns the printer of a template. It gets values whose hidden characters and line ends are escaped, so that those in
// its output are the template's.
func onEscaped(print func(object map[string]any, out io.Writer) error) printers.ResourcePrinter {
	return printers.ResourcePrinterFunc(func(object runtime.Object, out io.Writer) error {
		var text limited
		if err := print(escaped(contentOf(object)).(map[string]any), &text); err != nil {
			return err
		}
		_, err := text.buffer.WriteTo(out)
		return err
	})
}

// mostOutput is how much a template may print: it may have no end.
const mostOutput = 256 << 20

type limited struct{ buffer bytes.Buffer }

func (l *limited) Write(text []byte) (int, error) {
	if l.buffer.Len()+len(text) > mostOutput {
		return 0, fmt.Errorf("the template prints more than %d MiB", mostOutput>>20)
	}
	return l.buffer.Write(text)
}

func contentOf(object runtime.Object) map[string]any {
	return object.(*unstructured.Unstructured).Object
}

// escaped returns a value of JSON with each string as one line that a terminal shows.
func escaped(value any) any {
	switch value := value.(type) {
	case string:
		return terminal.Line(value)
	case []any:
		all := make([]any, 0, len(value))
		for _, element := range value {
			all = append(all, escaped(element))
		}
		return all
	case map[string]any:
		all := make(map[string]any, len(value))
		for key, element := range value {
			all[terminal.Line(key)] = escaped(element)
		}
		return all
	}
	return value
}
