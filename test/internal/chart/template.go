package chart

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"sigs.k8s.io/yaml"
)

// Template renders the chart without helm, which would take the demo minutes to build. It has only the
// functions that the chart's templates use; test/chart compares it with helm.
func Template(values map[string]any) (Objects, error) {
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	var chart struct{ Name, Version, AppVersion string }
	if err := readYAML(filepath.Join(dir, "Chart.yaml"), &chart); err != nil {
		return nil, err
	}
	all := map[string]any{}
	if err := readYAML(filepath.Join(dir, "values.yaml"), &all); err != nil {
		return nil, err
	}
	all = merge(all, map[string]any{"image": map[string]any{"repository": Repository}})
	text, err := execute(dir, map[string]any{
		"Chart":        chart,
		"Values":       merge(all, values),
		"Release":      map[string]any{"Name": Release, "Namespace": Namespace, "Service": "Helm"},
		"Capabilities": map[string]any{"KubeVersion": map[string]any{"Version": kubernetesVersion}},
	})
	if err != nil {
		return nil, fmt.Errorf("cannot render the chart: %w", err)
	}
	return Decode(strings.NewReader(text))
}

func readYAML(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read the chart: %w", err)
	}
	if err := yaml.Unmarshal(data, into); err != nil {
		return fmt.Errorf("cannot read %s: %w", path, err)
	}
	return nil
}

func merge(values, changes map[string]any) map[string]any {
	merged := maps.Clone(values)
	for key, change := range changes {
		value, isMap := merged[key].(map[string]any)
		if changed, ok := change.(map[string]any); ok && isMap {
			change = merge(value, changed)
		}
		merged[key] = change
	}
	return merged
}

// execute returns the CRDs, which are not templates, and the output of each template.
func execute(dir string, data map[string]any) (string, error) {
	root := template.New("").Option("missingkey=zero")
	root.Funcs(functions).Funcs(template.FuncMap{"include": func(name string, data any) (string, error) {
		var text strings.Builder
		err := root.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}})
	var text strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		switch folder, _ := filepath.Rel(dir, filepath.Dir(path)); {
		case folder == "crds":
			fmt.Fprintf(&text, "---\n%s\n", content)
		case strings.HasPrefix(folder, "templates"):
			_, err = root.New(path).Parse(string(content))
		}
		return err
	})
	if err != nil {
		return "", err
	}
	for _, t := range root.Templates() {
		if filepath.Ext(t.Name()) != ".yaml" {
			continue
		}
		text.WriteString("---\n")
		if err := t.Execute(&text, data); err != nil {
			return "", err
		}
		text.WriteString("\n")
	}
	return text.String(), nil
}
