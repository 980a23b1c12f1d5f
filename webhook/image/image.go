package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	program = "runai-webhook"
	// user is the user and group of the image: any number except 0, because the image has no other files.
	user = "65532:65532"
	// refName is the annotation by which an OCI layout names its images (image-spec, annotations.md).
	refName = "org.opencontainers.image.ref.name"
)

// layout returns an index with one image index, which has an image for each platform. The same binaries, version
// and revision are the same bytes: an image has no times.
func (o *options) layout() (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, name := range slices.Sorted(maps.Keys(o.Binaries)) {
		platform, err := v1.ParsePlatform(name)
		if err != nil {
			return nil, fmt.Errorf("invalid platform %q: %w", name, err)
		}
		image, err := o.image(platform, o.Binaries[name])
		if err != nil {
			return nil, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{
		Add:        index,
		Descriptor: v1.Descriptor{Annotations: map[string]string{refName: o.Version}},
	}), nil
}

// image returns the image of one binary. The Dockerfile says the same to a container engine.
func (o *options) image(platform *v1.Platform, binary string) (v1.Image, error) {
	layer, err := layerOf(binary)
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), layer)
	if err != nil {
		return nil, err
	}
	image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
	return mutate.ConfigFile(image, &v1.ConfigFile{
		Architecture: platform.Architecture,
		OS:           platform.OS,
		Variant:      platform.Variant,
		Config:       v1.Config{User: user, Entrypoint: []string{"/" + program}, WorkingDir: "/", Labels: o.labels()},
		RootFS:       rootFS(layer),
	})
}

// labels are annotations of the image (image-spec, annotations.md).
func (o *options) labels() map[string]string {
	labels := map[string]string{
		"org.opencontainers.image.title":       program,
		"org.opencontainers.image.description": "Admission webhook that makes MPIJobs comply with the cluster policy",
		"org.opencontainers.image.source":      "https://github.com/runai-mpi/runai-mpi",
		"org.opencontainers.image.licenses":    "Apache-2.0",
		"org.opencontainers.image.version":     o.Version,
	}
	if o.Revision != "" {
		labels["org.opencontainers.image.revision"] = o.Revision
	}
	return labels
}

func rootFS(layer v1.Layer) v1.RootFS {
	digest, _ := layer.DiffID() // known since the layer was made
	return v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{digest}}
}

// layerOf returns a layer with one file, the binary.
func layerOf(binary string) (v1.Layer, error) {
	content, err := os.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("cannot read the binary: %w", err)
	}
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	header := &tar.Header{Typeflag: tar.TypeReg, Name: program, Mode: 0o755, Size: int64(len(content)), Format: tar.FormatUSTAR}
	if err := writer.WriteHeader(header); err != nil {
		return nil, err
	}
	if _, err := writer.Write(content); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithMediaType(types.OCILayer))
}
