package config

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
)

//go:embed directorysync.yaml
var directorySyncYAML []byte

// DirectorySyncKind is the kind in the file of a directory.
const DirectorySyncKind = "DirectorySync"

// durations lists the values of a directory's file with a form of their own.
var durations = []text{{"", "timeout", readDuration}, {"", "grace", readDuration}}

// DefaultDirectorySyncYAML is the documented default of a directory's file, as text.
func DefaultDirectorySyncYAML() []byte { return directorySyncYAML }

// defaultDirectorySync returns a new copy of the default, which lacks what only a file can say.
func defaultDirectorySync() *DirectorySync {
	sync := &DirectorySync{}
	if problems, err := decode(directorySyncYAML, sync, durations); err != nil || len(problems) > 0 {
		panic(fmt.Sprintf("the embedded directorysync.yaml: %v, %v", problems, err)) // the package's tests load it
	}
	return sync
}

// LoadDirectorySync reads a directory's file, as [Load] reads a cluster policy. Keys that are empty have the values
// of the schema.
func LoadDirectorySync(path string) (*DirectorySync, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the directory's configuration: %w", err)
	}
	sync, err := ParseDirectorySync(data)
	if err != nil {
		return nil, fmt.Errorf("invalid directory configuration %s:\n%w", path, err)
	}
	return sync, nil
}

// ParseDirectorySync reads a directory's file from YAML or JSON.
func ParseDirectorySync(data []byte) (*DirectorySync, error) {
	sync := defaultDirectorySync()
	sync.APIVersion, sync.Kind = "", "" // these have no default
	problems, err := decode(data, sync, durations)
	if err != nil {
		return nil, errors.Join(append(problems, err)...)
	}
	sync.withPreset()
	for _, err := range sync.Validate() {
		problems = append(problems, err)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return sync, nil
}
