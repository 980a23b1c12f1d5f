// Package charts has the files of the chart that a program applies itself.
package charts

import (
	"embed"
	"io/fs"
)

//go:embed runai-mpi/crds/*.yaml
var crds embed.FS

// CRDs returns the CustomResourceDefinitions of the product, each as YAML.
func CRDs() ([][]byte, error) {
	paths, err := fs.Glob(crds, "runai-mpi/crds/*.yaml")
	if err != nil {
		return nil, err
	}
	all := make([][]byte, 0, len(paths))
	for _, path := range paths {
		text, err := crds.ReadFile(path)
		if err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, nil
}
