package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

const (
	repository = "../.."
	// maxSize is the largest compressed image, in bytes.
	maxSize = 25_000_000
)

// platforms are those of "make image".
var platforms = []string{"linux/amd64", "linux/arm64"}

// makeImage runs "make image" in a copy of the repository's files at another path, and returns the image index.
func makeImage(t *testing.T, source string) v1.ImageIndex {
	t.Helper()
	out := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "make", "image", "BIN="+out, "VERSION=v1.2.3", "REVISION=5eed")
	cmd.Dir = source
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %s", err, output)
	}
	index, err := layout.ImageIndexFromPath(filepath.Join(out, "image"))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 || manifest.Manifests[0].Annotations[refName] != "v1.2.3" {
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
	index := makeImage(t, repository)
	if err := validate.Index(index); err != nil {
		t.Errorf("the image is not valid: %s", err)
	}
	if first, second := digest(t, index), digest(t, makeImage(t, copied(t))); first != second {
		t.Errorf("two builds have the digests %s and %s", first, second)
	}
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
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) != 1 {
		t.Fatalf("%d layers", len(layers))
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	archive := tar.NewReader(content)
	header, err := archive.Next()
	if err != nil {
		t.Fatal(err)
	}
	elf := make([]byte, 20)
	if _, err := io.ReadFull(archive, elf); err != nil {
		t.Fatal(err)
	}
	if header.Name != program || header.Mode != 0o755 || header.Uid != 0 || elf[18] != machines[architecture] {
		t.Errorf("%s: the binary is %+v for the machine %d", architecture, header, elf[18])
	}
	if _, err := archive.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("%s: another file: %v", architecture, err)
	}
}

func isNotRoot(t *testing.T, image v1.Image) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != user || config.Config.Labels["org.opencontainers.image.version"] != "v1.2.3" {
		t.Errorf("got %+v", config.Config)
	}
}

// The Dockerfile makes the same image, in the context that .dockerignore leaves.
func TestDockerfileIsTheSame(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	got := slices.DeleteFunc(strings.Split(strings.TrimSpace(string(text)), "\n"), func(line string) bool {
		return strings.HasPrefix(line, "#")
	})
	want := []string{
		"FROM scratch",
		"ARG TARGETPLATFORM=" + platforms[0],
		fmt.Sprintf("COPY bin/${TARGETPLATFORM}/%s /%s", program, program),
		"USER " + user,
		"WORKDIR /",
		fmt.Sprintf("ENTRYPOINT [%q]", "/"+program),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMistakes(t *testing.T) {
	for name, binaries := range map[string]map[string]string{
		"no such file": {"linux/amd64": filepath.Join(t.TempDir(), "missing")},
		"a platform":   {"linux/a/b/c/d": "image_test.go"},
	} {
		t.Run(name, func(t *testing.T) {
			output := filepath.Join(t.TempDir(), "image")
			o := options{Output: output, Version: "v1", Binaries: binaries}
			if err := o.write(); err == nil {
				t.Error("no error")
			}
			if _, err := os.Stat(output); err == nil {
				t.Error("something was written")
			}
		})
	}
}
