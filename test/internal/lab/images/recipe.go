package images

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// A base is a Debian system.
type base struct {
	Suite    string
	Packages []string
}

// A recipe is all that makes an image: the same recipe is the same image.
type recipe struct {
	Name       string
	Base       *base // nil: an empty file system
	Files      []file
	Entrypoint []string
	User       string   // empty: root
	Env        []string // beside PATH
	WorkingDir string   // empty: /
}

// A file is put on top of the base, or changes a file of it.
type file struct {
	Path    string
	Content string
	Program string       // Go source, built into the file in the place of Content
	Compile *compilation // makes the file in the place of Content
	Replace [][2]string  // lines of the base's file, which occur once each
	Append  string       // to the base's file
	Mode    int64        // 0: the base's; a Path that ends in a slash is a folder
	Owner   int
	BindLow bool // may be executed by anybody to listen on low ports
}

// changes says whether the base's file is the starting point.
func (f *file) changes() bool {
	return len(f.Replace) > 0 || f.Append != "" || f.BindLow
}

// Digest tells stores with different images apart.
func Digest() (string, error) {
	return digest(recipes)
}

// digest identifies things by everything that makes them.
func digest(what any) (string, error) {
	data, err := json.Marshal(what)
	if err != nil {
		return "", fmt.Errorf("cannot compute the digest of an image: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6]), nil
}
