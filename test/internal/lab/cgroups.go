package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	cgroupsDir        = "/sys/fs/cgroup"
	cgroupName        = "runai-mpi-lab"
	cgroupStopTimeout = 20 * time.Second
)

// cgroups returns the lab's own cgroups, one in each hierarchy. The kubelet makes all others below them.
func cgroups() ([]string, error) {
	if exists(cgroupsDir + "/cgroup.controllers") {
		return []string{filepath.Join(cgroupsDir, cgroupName)}, nil
	}
	entries, err := os.ReadDir(cgroupsDir)
	if err != nil {
		return nil, fmt.Errorf("cannot list the cgroups: %w", err)
	}
	var all []string
	for _, entry := range entries {
		if entry.IsDir() {
			all = append(all, filepath.Join(cgroupsDir, entry.Name(), cgroupName))
		}
	}
	return all, nil
}

func makeCgroups() error {
	all, err := cgroups()
	if err != nil {
		return err
	}
	for _, dir := range all {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("cannot make a cgroup: %w", err)
		}
		if err := inheritCPUs(dir); err != nil {
			return fmt.Errorf("cannot make a cgroup: %w", err)
		}
	}
	return nil
}

// inheritCPUs copies the parent's settings, which the cpuset hierarchy leaves empty in a new group: until they
// are set, nothing can run there.
func inheritCPUs(dir string) error {
	for _, setting := range []string{"cpuset.cpus", "cpuset.mems"} {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(dir), setting))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, setting), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// removeCgroups removes the lab's cgroups, and waits for processes of pods that are being killed.
func removeCgroups() error {
	all, err := cgroups()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(cgroupStopTimeout)
	for _, dir := range all {
		for err := removeTree(dir); err != nil; err = removeTree(dir) {
			if time.Now().After(deadline) {
				return fmt.Errorf("cannot remove a cgroup: %w", err)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	return nil
}

// removeTree removes only folders: files in a cgroup cannot be removed, and disappear with it.
func removeTree(dir string) error {
	var folders []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			folders = append(folders, path)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, folder := range slices.Backward(folders) {
		if err := os.Remove(folder); err != nil {
			return err
		}
	}
	return err
}
