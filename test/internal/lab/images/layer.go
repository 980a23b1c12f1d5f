package images

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// bindLowPorts is the kernel's encoding of cap_net_bind_service=eip: revision 2, effective; then the
// permitted and inheritable sets, of which it is bit 10.
const bindLowPorts = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// layer is a tar archive of the files that a recipe puts on top of its base.
func (r *recipe) layer(ctx context.Context, baseTar, cache string, log io.Writer) ([]byte, error) {
	originals, err := r.originals(baseTar)
	if err != nil {
		return nil, err
	}
	var layer bytes.Buffer
	archive := tar.NewWriter(&layer)
	for _, f := range r.Files {
		header, content, err := f.make(ctx, originals[f.Path], cache, log)
		if err == nil {
			err = f.write(archive, header, content)
		}
		if err != nil {
			return nil, fmt.Errorf("cannot make %s of %s: %w", f.Path, r.Name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("cannot make a layer: %w", err)
	}
	return layer.Bytes(), nil
}

type original struct {
	header  *tar.Header
	content []byte
}

// originals are the base's files that the recipe changes.
func (r *recipe) originals(baseTar string) (map[string]*original, error) {
	wanted := map[string]*original{}
	for _, f := range r.Files {
		if f.changes() {
			wanted[f.Path] = nil
		}
	}
	if len(wanted) == 0 {
		return wanted, nil
	}
	file, err := os.Open(baseTar)
	if err != nil {
		return nil, fmt.Errorf("cannot read the base: %w", err)
	}
	defer file.Close()
	return wanted, collect(tar.NewReader(file), wanted)
}

func collect(archive *tar.Reader, wanted map[string]*original) error {
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cannot read the base: %w", err)
		}
		name := path.Clean(header.Name)
		if _, ok := wanted[name]; !ok {
			continue
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return fmt.Errorf("cannot read the base: %w", err)
		}
		wanted[name] = &original{header: header, content: content}
	}
}

func (f *file) write(archive *tar.Writer, header *tar.Header, content []byte) error {
	header.Name, header.Size = f.Path, int64(len(content))
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := archive.Write(content)
	return err
}

func (f *file) make(ctx context.Context, from *original, cache string, log io.Writer) (*tar.Header, []byte, error) {
	if f.changes() {
		return f.change(from)
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Mode: f.Mode, Uid: f.Owner, Gid: f.Owner}
	if strings.HasSuffix(f.Path, "/") {
		header.Typeflag = tar.TypeDir
	}
	content, err := f.content(ctx, cache, log)
	return header, content, err
}

func (f *file) content(ctx context.Context, cache string, log io.Writer) ([]byte, error) {
	switch {
	case f.Compile != nil:
		return f.Compile.program(ctx, cache, log)
	case f.Program != "":
		return build(ctx, f.Program)
	default:
		return []byte(f.Content), nil
	}
}

func (f *file) change(from *original) (*tar.Header, []byte, error) {
	if from == nil {
		return nil, nil, errors.New("the base does not have it")
	}
	content := string(from.content)
	for _, pair := range f.Replace {
		if n := strings.Count(content, pair[0]+"\n"); n != 1 {
			return nil, nil, fmt.Errorf("%q occurs %d times, not once", pair[0], n)
		}
		content = strings.Replace(content, pair[0]+"\n", pair[1]+"\n", 1)
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Mode: from.header.Mode, Uid: from.header.Uid, Gid: from.header.Gid}
	if f.Mode != 0 {
		header.Mode = f.Mode
	}
	if f.BindLow {
		header.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": bindLowPorts}
	}
	return header, []byte(content + f.Append), nil
}
