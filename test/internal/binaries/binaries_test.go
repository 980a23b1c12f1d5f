package binaries

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// emptyCache returns the catalog of an empty cache, without KUBEBUILDER_ASSETS.
func emptyCache(t *testing.T) *catalog {
	t.Helper()
	t.Setenv("RUNAI_MPI_CACHE", t.TempDir())
	t.Setenv("KUBEBUILDER_ASSETS", "")
	c, err := loadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFindBuildsNothing(t *testing.T) {
	emptyCache(t)
	for want, names := range map[string][]Name{
		"cannot find etcd, kube-apiserver: run make servers": {Etcd, APIServer},
		"cannot find kubectl, kubelet: run make lab-servers": {Kubectl, Kubelet},
	} {
		if _, err := Find(names...); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Callers that need one binary need no other.
func TestFindLooksForWhatIsNeeded(t *testing.T) {
	etcd := emptyCache(t).find(Etcd).path
	if err := os.MkdirAll(filepath.Dir(etcd), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(etcd, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, find := range []func() (Set, error){
		func() (Set, error) { return Find(Etcd) },
		func() (Set, error) { return Ensure(t.Context(), os.Stderr, Etcd) },
	} {
		if set, err := find(); err != nil || len(set) != 1 || set[Etcd] != etcd {
			t.Errorf("got %v, %v", set, err)
		}
	}
}

// The catalog has exactly the binaries in Servers and Node.
func TestCatalogIsComplete(t *testing.T) {
	names := slices.Sorted(slices.Values(slices.Concat(Servers, Node)))
	if diff := cmp.Diff(names, slices.Sorted(slices.Values(namesOf(emptyCache(t).binaries)))); diff != "" {
		t.Errorf("(-names +catalog):\n%s", diff)
	}
}

func TestAssetsReplaceServers(t *testing.T) {
	c := emptyCache(t)
	assets := t.TempDir()
	t.Setenv("KUBEBUILDER_ASSETS", assets)
	if c, err := loadCatalog(); err != nil || c.find(Etcd).path != filepath.Join(assets, "etcd") {
		t.Errorf("etcd is at %s, %v", c.find(Etcd).path, err)
	}
	if err := c.tryEnvtest(t.Context(), os.Stderr, Servers); err == nil || !strings.Contains(err.Error(), "KUBEBUILDER_ASSETS") {
		t.Errorf("empty assets: got %v", err)
	}
}

// The path of a binary depends on its version, platform and patch.
func TestPathsAreKeyedByVersion(t *testing.T) {
	c := emptyCache(t)
	for _, b := range c.binaries {
		if !strings.Contains(b.path, b.version) || !strings.Contains(b.path, platform()) {
			t.Errorf("%s %s is at %s", b.name, b.version, b.path)
		}
	}
	if operator := c.find(MPIOperator); !strings.Contains(operator.path, mpiOperatorPatch.digest()) {
		t.Errorf("the patched operator is at %s", operator.path)
	}
}

func TestPatchFailsLoudly(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "occurs 0 times, not once",
		"address: a\naddress: a": "occurs 2 times, not once",
	} {
		file := filepath.Join(t.TempDir(), "server.go")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := edit{file: "server.go", lines: "address: a", replace: "address: b"}.change(file)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// A failed build leaves neither a binary nor a folder, and its error names the binary.
func TestFailedBuildLeavesNothing(t *testing.T) {
	home := t.TempDir()
	target := filepath.Join(home, "v1", "server")
	broken := &binary{name: "server", version: "v1", path: target, build: func(context.Context) error {
		return inTempDir(home, func(tmp string) error {
			return errors.Join(os.WriteFile(filepath.Join(tmp, "out"), nil, 0o600), errors.New("the compiler says no"))
		})
	}}
	var log bytes.Buffer
	c := &catalog{cache: home, kubernetes: "v1.37.2", binaries: []*binary{broken}}
	err := c.provide(t.Context(), &log, []Name{"server"})
	if err == nil || !strings.Contains(err.Error(), "cannot build server: the compiler says no") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), "[1/1] server v1: failed after") {
		t.Errorf("logged %q", log.String())
	}
	left, err := os.ReadDir(home)
	if err != nil || slices.ContainsFunc(left, func(entry os.DirEntry) bool { return entry.Name() != "envtest" }) {
		t.Errorf("left %v, %v", left, err)
	}
}
