package image

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/runai-mpi/runai-mpi/test/internal/lab"
)

// sameAsEngine compares images with those that an engine makes of the Dockerfile and the binaries in a folder, with what
// .dockerignore leaves.
func sameAsEngine(t *testing.T, ours v1.ImageIndex, source string) {
	lab.Require(t)
	theirs := buildah(t, source)
	for i, descriptor := range manifests(t, theirs) {
		if got, want := descriptor.Platform.String(), platforms[i]; got != want {
			t.Errorf("the engine built %s, want %s", got, want)
		}
		if diff := cmp.Diff(contentsOf(t, ours, i), contentsOf(t, theirs, i)); diff != "" {
			t.Errorf("%s (-make image +engine):\n%s", platforms[i], diff)
		}
	}
}

// buildah builds the Dockerfile for each platform. In one build, buildah 1.28 gives all platforms the same files.
func buildah(t *testing.T, source string) v1.ImageIndex {
	t.Helper()
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		storage := []string{"--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--storage-driver", "vfs"}
		cmd := exec.CommandContext(t.Context(), "buildah", append(storage, args...)...)
		cmd.Dir = source
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %s", err, output)
		}
	}
	for _, platform := range platforms {
		run("build", "--isolation", "chroot", "--platform", platform, "--manifest", "built", ".")
	}
	run("manifest", "push", "--all", "built", "oci:"+filepath.Join(dir, "image"))
	index, err := layout.ImageIndexFromPath(filepath.Join(dir, "image"))
	if err != nil {
		t.Fatal(err)
	}
	inner, err := index.ImageIndex(manifests(t, index)[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return inner
}

// contents are what a container of an image has.
type contents struct {
	User, WorkingDir string
	Entrypoint       []string
	Files            map[string]file
}

func contentsOf(t *testing.T, index v1.ImageIndex, n int) contents {
	t.Helper()
	image, err := index.Image(manifests(t, index)[n].Digest)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := config.Config
	return contents{User: c.User, WorkingDir: c.WorkingDir, Entrypoint: c.Entrypoint, Files: files(t, image)}
}
