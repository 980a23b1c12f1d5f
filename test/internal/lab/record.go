package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

// A record lists what a lab would leave on the machine if it were killed, and which process owns it.
type record struct {
	Pid        int      `json:"pid"`
	Detached   bool     `json:"detached,omitempty"`
	NodePid    int      `json:"nodePid,omitempty"`
	Kubeconfig string   `json:"kubeconfig,omitempty"`
	Kubectl    string   `json:"kubectl,omitempty"`
	Folders    []string `json:"folders"`
}

// cacheDir returns the folder with the bases, stores and record, and the lock that allows one lab at a time.
func cacheDir() (string, error) {
	cache, err := binaries.CacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "lab"), nil
}

func recordFile() (string, error) {
	dir, err := cacheDir()
	return filepath.Join(dir, "record.json"), err
}

// readRecord returns an empty record if there is none.
func readRecord() (*record, error) {
	file, err := recordFile()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return &record{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the record of the last lab: %w", err)
	}
	r := &record{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("cannot read the record of the last lab: %w", err)
	}
	return r, nil
}

func (r *record) write() error {
	file, err := recordFile()
	if err != nil {
		return err
	}
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("cannot write the record of this lab: %w", err)
	}
	if err := os.WriteFile(file+".new", data, 0o600); err != nil {
		return fmt.Errorf("cannot write the record of this lab: %w", err)
	}
	return os.Rename(file+".new", file)
}

func (r *record) addFolder(dir string) error {
	r.Folders = append(r.Folders, dir)
	return r.write()
}
