package lab

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// sweep removes what a lab leaves after its processes have ended: its network if it still exists, its cgroups
// and its folders. The caller holds the lock, so no lab runs.
func sweep(ctx context.Context) error {
	last, err := readRecord()
	if err != nil {
		return err
	}
	errs := []error{disconnect(ctx), removeCgroups()}
	for _, dir := range last.Folders {
		errs = append(errs, os.RemoveAll(dir))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	file, err := recordFile()
	if err != nil {
		return err
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return removeIncomplete()
}

// removeIncomplete removes what a killed program was building or copying in the cache.
func removeIncomplete() error {
	dir, err := cacheDir()
	if err != nil {
		return err
	}
	incomplete, err := filepath.Glob(filepath.Join(dir, "*", ".*"))
	if err != nil {
		return err
	}
	var errs []error
	for _, path := range incomplete {
		errs = append(errs, os.RemoveAll(path))
	}
	return errors.Join(errs...)
}
