// Package ranges holds figures of the product to the ranges of test/bench/ranges.yaml, records the last ones, and makes
// a page of them. Figures are counts, ratios and bytes: how long something takes says more about the machine.
package ranges

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

var record = flag.Bool("record-figures", false, "Write the figures that are measured into test/bench/recorded.")

// A Range is where a figure must be.
type Range struct {
	Name string `json:"name"`
	// Group is the heading below which the page lists it.
	Group string `json:"group"`
	// What is measured, and How.
	What string `json:"what"`
	How  string `json:"how"`
	Unit string `json:"unit,omitempty"`
	// Low and High are the bounds. A figure below Low is as wrong as one above High: the range would hide that it
	// becomes worse again.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Target is what the figure should be at most, unless that is High.
	Target *float64 `json:"target,omitempty"`
}

// Check fails the test unless a figure is in the range with this name.
func Check(t testing.TB, name string, figure float64) {
	t.Helper()
	all, err := read()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.Name == name {
			figure = math.Round(figure*1000) / 1000
			t.Logf("%s: %s", name, r.text(figure))
			if err := r.contains(figure); err != nil {
				t.Error(err)
			}
			if err := keep(name, figure); err != nil {
				t.Error(err)
			}
			return
		}
	}
	t.Errorf("%s has no range in test/bench/ranges.yaml", name)
}

func (r Range) contains(figure float64) error {
	switch {
	case figure > r.High:
		return fmt.Errorf("%s is %s, want at most %s: it became worse", r.Name, r.text(figure), r.text(r.High))
	case figure < r.Low:
		return fmt.Errorf("%s is %s, below %s: it became better, so tighten its range in test/bench/ranges.yaml",
			r.Name, r.text(figure), r.text(r.Low))
	}
	return nil
}

func read() (all []Range, err error) {
	return all, load("ranges.yaml", &all)
}

// keep records a figure, if asked to.
func keep(name string, figure float64) error {
	if !*record {
		return nil
	}
	figures := map[string]float64{}
	if err := load(recordedFigures, &figures); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	figures[name] = figure
	return write(recordedFigures, figures)
}

// write writes a value into a file of test/bench.
func write(file string, value any) error {
	text, err := yaml.Marshal(value)
	if err != nil {
		return fmt.Errorf("cannot record figures: %w", err)
	}
	path, err := pathOf(file)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644) //nolint:gosec // part of the repository
}

func load(file string, into any) error {
	path, err := pathOf(file)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", file, err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		return fmt.Errorf("invalid %s: %w", file, err)
	}
	return nil
}

func pathOf(file string) (string, error) {
	root, err := binaries.RepositoryRoot()
	return filepath.Join(root, "test", "bench", file), err
}
