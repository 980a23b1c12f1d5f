package main

import (
	"testing"

	"github.com/prometheus/procfs"
)

func TestCodeIsUnmapped(t *testing.T) {
	before := mappedFiles(t)
	if err := unmapProgram(); err != nil {
		t.Fatal(err)
	}
	if after := mappedFiles(t); after > before*4/5 {
		t.Errorf("%d MiB of files were mapped, and %d MiB are", before>>20, after>>20)
	}
}

func mappedFiles(t *testing.T) uint64 {
	t.Helper()
	self, err := procfs.Self()
	if err != nil {
		t.Fatal(err)
	}
	status, err := self.NewStatus()
	if err != nil {
		t.Fatal(err)
	}
	return status.RssFile
}
