package images

import (
	"archive/tar"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
)

// An assembly is an archive in the making: images share the blobs that are equal.
type assembly struct {
	cache  string
	log    io.Writer
	images []image
	blobs  map[string]blob // by name in the archive
	bases  map[*base]blob
}

func (a *assembly) add(ctx context.Context, r *recipe) error {
	layers, err := a.layers(ctx, r)
	if err != nil {
		return err
	}
	config, err := describe(r, layers)
	if err != nil {
		return fmt.Errorf("cannot describe %s: %w", r.Name, err)
	}
	entry := image{Config: a.keep(memoryBlob(config), ".json"), RepoTags: []string{r.Name}}
	for _, layer := range layers {
		entry.Layers = append(entry.Layers, a.keep(layer, ".tar"))
	}
	a.images = append(a.images, entry)
	return nil
}

func (a *assembly) layers(ctx context.Context, r *recipe) ([]blob, error) {
	var layers []blob
	var baseTar string
	if r.Base != nil {
		var err error
		if baseTar, err = r.Base.ensure(ctx, filepath.Join(a.cache, "bases"), a.log); err != nil {
			return nil, err
		}
		layer, err := a.base(r.Base, baseTar)
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	if len(r.Files) == 0 {
		return layers, nil
	}
	data, err := r.layer(ctx, baseTar, a.cache, a.log)
	if err != nil {
		return nil, err
	}
	return append(layers, memoryBlob(data)), nil
}

// base reads a base, which is large, once.
func (a *assembly) base(b *base, path string) (blob, error) {
	if layer, ok := a.bases[b]; ok {
		return layer, nil
	}
	layer, err := fileBlob(path)
	if err != nil {
		return blob{}, err
	}
	if a.bases == nil {
		a.bases = map[*base]blob{}
	}
	a.bases[b] = layer
	return layer, nil
}

func (a *assembly) keep(b blob, suffix string) (name string) {
	name = b.digest + suffix
	a.blobs[name] = b
	return name
}

func (a *assembly) write(archive *tar.Writer) error {
	manifest, err := json.Marshal(a.images)
	if err != nil {
		return fmt.Errorf("cannot list the images: %w", err)
	}
	a.blobs["manifest.json"] = memoryBlob(manifest)
	for _, name := range slices.Sorted(maps.Keys(a.blobs)) {
		if err := a.blobs[name].write(archive, name); err != nil {
			return fmt.Errorf("cannot write the archive of images: %w", err)
		}
	}
	return archive.Close()
}

func (b blob) write(archive *tar.Writer, name string) error {
	content, err := b.open()
	if err != nil {
		return err
	}
	defer content.Close()
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: b.size}); err != nil {
		return err
	}
	_, err = io.Copy(archive, content)
	return err
}
