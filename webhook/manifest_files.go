package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"k8s.io/apimachinery/pkg/util/yaml"
)

// A manifestFile is a file with objects, or "-" for standard input.
type manifestFile struct {
	path  string
	named bool // on the command line, so that it must not be empty
}

func (f manifestFile) String() string {
	if f.path == "-" {
		return "standard input"
	}
	return f.path
}

// extensions are those of the files that kubectl reads in a directory.
var extensions = []string{".json", ".yaml", ".yml"}

// manifestFiles returns the files at the paths. Like kubectl, it reads a directory, but not those in it.
func manifestFiles(paths []string) (files []manifestFile, errs []error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if path == "-" || err != nil || !info.IsDir() { // reading it returns the error
			files = append(files, manifestFile{path: path, named: true})
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot read the directory: %w", err))
			continue
		}
		before := len(files)
		for _, entry := range entries {
			if !entry.IsDir() && slices.Contains(extensions, filepath.Ext(entry.Name())) {
				files = append(files, manifestFile{path: filepath.Join(path, entry.Name())})
			}
		}
		if len(files) == before {
			errs = append(errs, fmt.Errorf("%s has no .yaml, .yml or .json file", path))
		}
	}
	return files, errs
}

func (f manifestFile) read(stdin io.Reader) (text []byte, err error) {
	if f.path == "-" {
		text, err = io.ReadAll(stdin)
	} else {
		text, err = os.ReadFile(f.path)
	}
	if err == nil && f.named && len(bytes.TrimSpace(text)) == 0 {
		err = fmt.Errorf("%s is empty", f)
	}
	return text, err
}

// documents returns the documents of YAML, or the objects of JSON, one after the other. After an error there are
// no more.
func documents(text []byte) iter.Seq2[[]byte, error] {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return objects(text)
	}
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	return func(yield func([]byte, error) bool) {
		for n := 1; ; n++ {
			document, err := reader.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				err = fmt.Errorf("cannot read document %d: %w", n, err)
			}
			if !yield(document, err) || err != nil {
				return
			}
		}
	}
}

func objects(text []byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		decoder := json.NewDecoder(bytes.NewReader(text))
		for n := 1; ; n++ {
			var object json.RawMessage
			err := decoder.Decode(&object)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil && n == 1 { // YAML can begin with a brace, too
				yield(text, nil)
				return
			}
			if err != nil {
				err = fmt.Errorf("cannot read object %d: %w", n, err)
			}
			if !yield(object, err) || err != nil {
				return
			}
		}
	}
}
