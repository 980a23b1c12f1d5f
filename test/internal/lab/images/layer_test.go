package images

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"
)

// A base that changes under us must not make an image that only looks right.
func TestChangesFailLoudly(t *testing.T) {
	change := file{Path: "etc/ssh/sshd_config", Replace: [][2]string{{"#Port 22", "Port 2222"}}}
	for content, want := range map[string]string{
		"":                     "occurs 0 times, not once",
		"#Port 22\n#Port 22\n": "occurs 2 times, not once",
	} {
		_, _, err := change.change(&original{header: &tar.Header{}, content: []byte(content)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", content, err, want)
		}
	}
	if _, _, err := change.change(nil); err == nil {
		t.Error("a file that the base does not have was changed")
	}
}

func TestChangeKeepsWhatItDoesNotChange(t *testing.T) {
	change := file{Path: "usr/sbin/sshd", BindLow: true}
	header, content, err := change.change(&original{header: &tar.Header{Mode: 0o755, Uid: 7}, content: []byte("program")})
	if err != nil || string(content) != "program" || header.Mode != 0o755 || header.Uid != 7 {
		t.Errorf("got %+v, %q, %v", header, content, err)
	}
}

// Images on the same base share its layer, and each blob is written once.
func TestImagesShareLayers(t *testing.T) {
	shared := memoryBlob([]byte("base"))
	a := &assembly{blobs: map[string]blob{}}
	first, second := a.keep(shared, ".tar"), a.keep(memoryBlob([]byte("base")), ".tar")
	if first != second || len(a.blobs) != 1 {
		t.Errorf("kept %s and %s, %d blobs", first, second, len(a.blobs))
	}
	var archive bytes.Buffer
	if err := a.write(tar.NewWriter(&archive)); err != nil {
		t.Fatal(err)
	}
	reader := tar.NewReader(&archive)
	for _, want := range []string{first, "manifest.json"} {
		if header, err := reader.Next(); err != nil || header.Name != want {
			t.Errorf("got %+v, %v, want %s", header, err, want)
		}
	}
}
