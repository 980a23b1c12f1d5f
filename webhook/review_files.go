package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/manifest"
)

// A textFile is a file that has been read.
type textFile struct {
	path string
	text []byte
}

// readFiles reads files, and the files in directories.
func readFiles(paths []string, stdin io.Reader) ([]textFile, error) {
	var texts []textFile
	files, errs := manifestFiles(paths)
	for _, file := range files {
		text, err := file.read(stdin)
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot read a file: %w", err))
			continue
		}
		texts = append(texts, textFile{file.String(), text})
	}
	return texts, errors.Join(errs...)
}

// each calls a function with each object of a file, as JSON, including those in lists.
func (f textFile) each(visit func(raw []byte) error) error {
	for document, err := range documents(f.text) {
		var raw []byte
		if err == nil {
			raw, err = manifest.ToJSON(document)
		}
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", f.path, err)
		}
		if err := f.eachIn(raw, visit); err != nil {
			return err
		}
	}
	return nil
}

func (f textFile) eachIn(raw []byte, visit func(raw []byte) error) error {
	if isEmpty(raw) {
		return nil
	}
	var list struct {
		metav1.TypeMeta `json:",inline"`
		Items           []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("cannot read %s: it must have objects", f.path)
	}
	if !strings.HasSuffix(list.Kind, "List") {
		return visit(raw)
	}
	for _, item := range list.Items {
		if err := visit(item); err != nil {
			return err
		}
	}
	return nil
}
