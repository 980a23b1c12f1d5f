// Command image writes the container image of runai-webhook as an OCI layout, without a container engine.
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

type options struct {
	Output   string `required:"" placeholder:"DIR" help:"Directory of the OCI layout, which is replaced."`
	Version  string `required:"" placeholder:"VERSION" help:"Version of the binaries."`
	Revision string `placeholder:"COMMIT" help:"Commit of the binaries."`

	Binaries map[string]string `arg:"" help:"The binary for each platform, as linux/amd64=FILE."`
}

func main() {
	var o options
	kong.Parse(&o, kong.Name("image"), kong.Description("Writes the image of runai-webhook as an OCI layout."))
	if err := o.write(); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func (o *options) write() error {
	index, err := o.layout()
	if err != nil {
		return fmt.Errorf("cannot make the image: %w", err)
	}
	if err := os.RemoveAll(o.Output); err != nil {
		return fmt.Errorf("cannot replace the last image: %w", err)
	}
	if _, err := layout.Write(o.Output, index); err != nil {
		return fmt.Errorf("cannot write the image: %w", err)
	}
	return nil
}
