// Package image builds the container image as users do, without an engine and with one.
package image

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

const (
	repository = "../.."
	program    = "runai-webhook"
	// maxSize is the largest compressed image, in bytes.
	maxSize = 25_000_000
)

// platforms are those of "make image".
var platforms = []string{"linux/amd64", "linux/arm64"}

// makeImage runs "make image" in a folder with the repository's files, and returns the image index.
func makeImage(t *testing.T, source, bin string) v1.ImageIndex {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", "image", "BIN="+bin, "VERSION=v1.2.3", "REVISION=5eed")
	cmd.Dir = source
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %s", err, output)
	}
	index, err := layout.ImageIndexFromPath(filepath.Join(bin, "image"))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 || manifest.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != "v1.2.3" {
		t.Fatalf("the layout has the images %+v", manifest.Manifests)
	}
	inner, err := index.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return inner
}

// Two builds at different paths are one image, with both platforms, which is small and has only the binary.
func TestImage(t *testing.T) {
	index := makeImage(t, repository, t.TempDir())
	if err := validate.Index(index); err != nil {
		t.Errorf("the image is not valid: %s", err)
	}
	source := copied(t)
	if first, second := digest(t, index), digest(t, makeImage(t, source, filepath.Join(source, "bin"))); first != second {
		t.Errorf("two builds have the digests %s and %s", first, second)
	}
	t.Run("an engine", func(t *testing.T) { sameAsEngine(t, index, source) })
	var got []string
	for _, descriptor := range manifests(t, index) {
		got = append(got, descriptor.Platform.String())
		image, err := index.Image(descriptor.Digest)
		if err != nil {
			t.Fatal(err)
		}
		isSmall(t, descriptor.Platform.String(), image)
		hasOnlyTheBinary(t, image, descriptor.Platform.Architecture)
		isNotRoot(t, image)
	}
	if diff := cmp.Diff(platforms, got); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
}

func digest(t *testing.T, index v1.ImageIndex) v1.Hash {
	t.Helper()
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func manifests(t *testing.T, index v1.ImageIndex) []v1.Descriptor {
	t.Helper()
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	return manifest.Manifests
}

// copied copies the files that git knows.
func copied(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `git ls-files -z | xargs -0 cp --parents --target-directory="$1"`, "sh", dir)
	cmd.Dir = repository
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %s", err, output)
	}
	return dir
}

func isSmall(t *testing.T, platform string, image v1.Image) {
	t.Helper()
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	size := manifest.Config.Size
	for _, layer := range manifest.Layers {
		size += layer.Size
	}
	t.Logf("%s: %d bytes", platform, size)
	if size > maxSize {
		t.Errorf("%s has %d bytes, more than %d", platform, size, maxSize)
	}
}

// machines are the numbers of processors in the header of an ELF file (elf(5), e_machine).
var machines = map[string]byte{"amd64": 62, "arm64": 183}

func hasOnlyTheBinary(t *testing.T, image v1.Image, architecture string) {
	t.Helper()
	all := files(t, image)
	if binary := all[program]; len(all) != 1 || binary.Mode != 0o755 || binary.Machine != machines[architecture] {
		t.Errorf("%s: the image has %+v", architecture, all)
	}
}

// A file is one in the layers of an image, by its path without a slash in front.
type file struct {
	Mode    int64
	Owner   int
	Machine byte // of an ELF file
	Digest  [sha256.Size]byte
}

func files(t *testing.T, image v1.Image) map[string]file {
	t.Helper()
	content := mutate.Extract(image)
	defer content.Close()
	all := map[string]file{}
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		f := file{Mode: header.Mode & 0o7777, Owner: header.Uid, Digest: sha256.Sum256(data)}
		if len(data) > 20 {
			f.Machine = data[18]
		}
		all[strings.TrimPrefix(header.Name, "/")] = f
	}
}

func isNotRoot(t *testing.T, image v1.Image) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "65532:65532" || config.Config.Labels["org.opencontainers.image.version"] != "v1.2.3" {
		t.Errorf("got %+v", config.Config)
	}
}
