package output

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"k8s.io/cli-runtime/pkg/printers"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// A Format is the value of --output: a format of kubectl, "" for what the command prints otherwise. A flag of this
// type can have the tag formats, which lists those that it accepts in place of [objectFormats].
type Format string

// Formats of tables, and of objects.
const (
	Wide Format = "wide"
	name Format = "name"
	yaml Format = "yaml"
	json Format = "json"
)

// objectFormats print objects. Templates are accepted wherever json is.
var objectFormats = []string{"name", "yaml", "json"}

// templates have the formats of templates, with what reads a template.
var templates = map[string]func(text string) (printers.ResourcePrinter, error){
	"jsonpath":         newJSONPath,
	"jsonpath-file":    fromFile(newJSONPath),
	"go-template":      newGoTemplate,
	"go-template-file": fromFile(newGoTemplate),
}

var templateFormats = []string{"jsonpath", "jsonpath-file", "go-template", "go-template-file"}

// IsTable reports whether the command prints its table, and no object.
func (f Format) IsTable() bool { return f == "" || f == Wide }

// Or returns the format, or another one if it is not set.
func (f Format) Or(other Format) Format {
	if f == "" {
		return other
	}
	return f
}

// Formats returns the values that a flag accepts, up to the template. The formats of its tag are a comma-separated list.
func Formats(formats string) []string {
	accepted := slices.Clone(objectFormats)
	if formats != "" {
		accepted = strings.Split(formats, ",")
	}
	for _, kind := range templateFormats {
		accepted = append(accepted, kind+"=")
	}
	return accepted
}

// Mistake returns what is wrong with the value of a flag, "" for nothing. The formats are a comma-separated list.
func (f Format) Mistake(flag, formats string) string {
	accepted := objectFormats
	if formats != "" {
		accepted = strings.Split(formats, ",")
	}
	kind, _, hasTemplate := strings.Cut(string(f), "=")
	if slices.Contains(templateFormats, kind) {
		if !hasTemplate {
			return invocation.BadValue(flag, string(f), "must have a template, for example "+exampleOf(kind))
		}
		if _, err := f.printer(); err != nil {
			return fmt.Sprintf("invalid %s %q: %s", flag, string(f), err)
		}
		return ""
	}
	if slices.Contains(accepted, string(f)) {
		return ""
	}
	shown := slices.Clone(accepted)
	for _, kind := range templateFormats {
		shown = append(shown, kind+"=…")
	}
	mistake := invocation.BadValue(flag, string(f), "must be "+suggest.OneOf(shown...))
	if nearest := suggest.Nearest(strings.ToLower(kind), slices.Concat(accepted, templateFormats)); nearest != "" {
		mistake += "\nDid you mean " + nearest + "?"
	}
	return mistake
}

func exampleOf(kind string) string {
	switch kind {
	case "jsonpath":
		return "jsonpath={.metadata.name}"
	case "go-template":
		return "go-template={{.metadata.name}}"
	}
	return kind + "=FILE"
}

// printer returns what prints objects in a format other than that of a table.
func (f Format) printer() (printers.ResourcePrinter, error) {
	kind, template, _ := strings.Cut(string(f), "=")
	if read, isTemplate := templates[kind]; isTemplate {
		return read(template)
	}
	switch f {
	case name:
		return &printers.NamePrinter{ShortOutput: true}, nil
	case json:
		return jsonPrinter(), nil
	}
	return yamlPrinter(), nil
}

func newJSONPath(text string) (printers.ResourcePrinter, error) {
	if !strings.Contains(text, "{") { // kubectl would print the text
		return nil, errors.New("expected an expression in braces, for example {.metadata.name}")
	}
	printer, err := printers.NewJSONPathPrinter(text)
	if err != nil {
		return nil, err
	}
	printer.AllowMissingKeys(true) // as kubectl does
	return onEscaped(func(object map[string]any, out io.Writer) error { return printer.Execute(out, object) }), nil
}

func newGoTemplate(text string) (printers.ResourcePrinter, error) {
	printer, err := printers.NewGoTemplatePrinter([]byte(text))
	if err != nil {
		return nil, errors.New(strings.Replace(err.Error(), "template: output:", "line ", 1))
	}
	printer.AllowMissingKeys(true) // as kubectl does
	return onEscaped(func(object map[string]any, out io.Writer) error { return printer.PrintObj(asObject(object), out) }), nil
}

func fromFile(read func(string) (printers.ResourcePrinter, error)) func(string) (printers.ResourcePrinter, error) {
	return func(path string) (printers.ResourcePrinter, error) {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return read(string(text))
	}
}
