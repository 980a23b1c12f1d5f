package images

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
)

// A blob is a member of the archive: a layer, or a description of an image.
type blob struct {
	digest string
	size   int64
	open   func() (io.ReadCloser, error)
}

// An image is one entry of the archive's manifest.json, in the format of "docker save".
type image struct {
	Config   string
	RepoTags []string
	Layers   []string
}

type description struct {
	Architecture string        `json:"architecture"`
	OS           string        `json:"os"`
	Config       runningConfig `json:"config"`
	RootFS       rootFS        `json:"rootfs"`
}

type runningConfig struct {
	Env        []string
	User       string   `json:",omitempty"`
	Entrypoint []string `json:",omitempty"`
	WorkingDir string   `json:",omitempty"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

// Write writes an archive with all images, which containerd imports. It makes the bases that cache does
// not have, and tells log of it.
func Write(ctx context.Context, archive io.Writer, cache string, log io.Writer) error {
	a := &assembly{cache: cache, log: log, blobs: map[string]blob{}}
	for _, r := range recipes {
		if err := a.add(ctx, &r); err != nil {
			return err
		}
	}
	return a.write(tar.NewWriter(archive))
}

func describe(r *recipe, layers []blob) ([]byte, error) {
	d := description{
		Architecture: runtime.GOARCH,
		OS:           "linux",
		Config: runningConfig{
			Env:        append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, r.Env...),
			User:       r.User,
			Entrypoint: r.Entrypoint,
			WorkingDir: r.WorkingDir,
		},
		RootFS: rootFS{Type: "layers"},
	}
	for _, layer := range layers {
		d.RootFS.DiffIDs = append(d.RootFS.DiffIDs, "sha256:"+layer.digest)
	}
	return json.Marshal(d)
}

func memoryBlob(data []byte) blob {
	sum := sha256.Sum256(data)
	return blob{
		digest: hex.EncodeToString(sum[:]),
		size:   int64(len(data)),
		open:   func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	}
}

func fileBlob(path string) (blob, error) {
	file, err := os.Open(path)
	if err != nil {
		return blob{}, fmt.Errorf("cannot read a layer: %w", err)
	}
	defer file.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		return blob{}, fmt.Errorf("cannot read a layer: %w", err)
	}
	open := func() (io.ReadCloser, error) { return os.Open(path) }
	return blob{digest: hex.EncodeToString(sum.Sum(nil)), size: size, open: open}, nil
}
