package docgen_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/golden"
)

const root = "../../"

// pages returns the text of every page, by its path in the repository.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	others := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "test/README.md"}
	for _, path := range append(files(t, "docs", ".md"), others...) {
		all[path] = read(t, path)
	}
	return all
}

func files(t *testing.T, dir, extension string) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(os.DirFS(root), dir, func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == extension {
			found = append(found, path)
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s in %s: %v", extension, dir, err)
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(root + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading   = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notInLink = regexp.MustCompile("[^a-z0-9 _-]")
	block     = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	separator = regexp.MustCompile(`(?m)^---\n`)
	heredoc   = regexp.MustCompile(`(?s)<<'?EOF'?\n(.*?)\nEOF\n`)
)

// Every link leads to a file in the repository, and to one of its headings if it has an anchor.
func TestLinks(t *testing.T) {
	for path, text := range pages(t) {
		for _, match := range link.FindAllStringSubmatch(block.ReplaceAllString(text, ""), -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			to := path
			if target != "" {
				to = filepath.Join(filepath.Dir(path), target)
			}
			if _, err := os.Stat(root + to); err != nil {
				t.Errorf("%s links to %s, which does not exist", path, match[1])
			} else if anchor != "" && !slices.Contains(anchors(read(t, to)), anchor) {
				t.Errorf("%s links to %s, which has no such heading", path, match[1])
			}
		}
	}
}

// anchors returns the anchors that GitHub gives to the headings.
func anchors(text string) []string {
	var all []string
	for _, match := range heading.FindAllStringSubmatch(block.ReplaceAllString(text, ""), -1) {
		all = append(all, strings.ReplaceAll(notInLink.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-"))
	}
	return all
}

// docs/README.md lists every page, and CONTRIBUTING.md every folder of code.
func TestNothingIsLeftOut(t *testing.T) {
	index := read(t, "docs/README.md")
	for _, path := range files(t, "docs", ".md") {
		if relative := strings.TrimPrefix(path, "docs/"); relative != "README.md" && !strings.Contains(index, "]("+relative+")") {
			t.Errorf("docs/README.md does not list %s", path)
		}
	}
	contributing := read(t, "CONTRIBUTING.md")
	for _, pattern := range []string{"cli/*", "webhook/*", "shared/*"} {
		entries, err := filepath.Glob(root + pattern)
		if err != nil || len(entries) == 0 {
			t.Fatalf("no folder matches %s: %v", pattern, err)
		}
		for _, entry := range entries {
			name := strings.TrimPrefix(entry, root) + "/"
			if info, err := os.Stat(entry); err != nil || !info.IsDir() || filepath.Base(entry) == "testdata" {
				continue
			}
			if !strings.Contains(contributing, "`"+name+"`") {
				t.Errorf("CONTRIBUTING.md does not list %s", name)
			}
		}
	}
}

// No table of an index has two rows for the same thing, as merges make them.
func TestIndexesListEverythingOnce(t *testing.T) {
	for _, path := range []string{"docs/README.md", "test/README.md", "CONTRIBUTING.md"} {
		listed := map[string]bool{}
		for line := range strings.Lines(read(t, path)) {
			cells := strings.Split(line, "|")
			if len(cells) < 3 {
				clear(listed) // between two tables
				continue
			}
			if listed[cells[1]] {
				t.Errorf("%s lists %s twice", path, strings.TrimSpace(cells[1]))
			}
			listed[cells[1]] = true
		}
	}
}

// Objects of our kinds decode strictly, and everything else is valid YAML: in code blocks, here
// documents and samples.
func TestYAML(t *testing.T) {
	for path, text := range pages(t) {
		for _, match := range block.FindAllStringSubmatch(text, -1) {
			texts := []string{match[2]}
			if match[1] != "yaml" {
				texts = nil
				for _, document := range heredoc.FindAllStringSubmatch(match[2], -1) {
					texts = append(texts, document[1])
				}
			}
			for _, text := range texts {
				decodeAll(t, path, text)
			}
		}
	}
	for _, path := range files(t, "config/samples", ".yaml") {
		decodeAll(t, path, read(t, path))
	}
}

func decodeAll(t *testing.T, path, text string) {
	t.Helper()
	for _, document := range separator.Split(text, -1) {
		if err := decode([]byte(document)); err != nil {
			t.Errorf("%s: %s in\n%s", path, err, document)
		}
	}
}

func decode(document []byte) error {
	var typ metav1.TypeMeta
	if err := yaml.Unmarshal(document, &typ); err != nil {
		return err
	}
	var object any = &map[string]any{}
	switch typ {
	case metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: config.Kind}:
		_, err := config.Parse(document)
		return err
	case metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: config.DirectorySyncKind}:
		_, err := config.ParseDirectorySync(document)
		return err
	case metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Project"}:
		object = &v1alpha1.Project{}
	case metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "PosixIdentity"}:
		object = &v1alpha1.PosixIdentity{}
	case metav1.TypeMeta{APIVersion: v2beta1.SchemeGroupVersion.String(), Kind: v2beta1.Kind}:
		object = &v2beta1.MPIJob{}
	default:
		if group := typ.GroupVersionKind().Group; group == v1alpha1.GroupVersion.Group || group == v2beta1.SchemeGroupVersion.Group {
			return fmt.Errorf("unknown kind %s", typ.GroupVersionKind())
		}
	}
	return yaml.UnmarshalStrict(document, object)
}

// run matches a command that is marked with <!-- run -->, and its output.
var run = regexp.MustCompile("(?s)(<!-- run -->\n```sh\n)(.*?)(```\n.*?```text\n)(.*?)(```\n)")

// Commands in the pages print what the pages say.
func TestCommands(t *testing.T) {
	programs := build(t)
	ran := 0
	for path, text := range pages(t) {
		if !run.MatchString(text) {
			continue // another test may be writing it
		}
		got := run.ReplaceAllStringFunc(text, func(match string) string {
			parts := run.FindStringSubmatch(match)
			cmd := exec.Command("sh", "-c", parts[2])
			cmd.Dir = root
			cmd.Env = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"), "KUBECONFIG=none")
			output, _ := cmd.CombinedOutput() // the page may show a refusal
			ran++
			return parts[1] + parts[2] + parts[3] + string(output) + parts[5]
		})
		golden.Compare(t, root+path, got)
	}
	if ran == 0 {
		t.Error("no page has a command to run")
	}
}

// build builds both programs without version information, and returns their folder.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, source := range map[string]string{"runai": "./cli", "runai-webhook": "./webhook"} {
		cmd := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(dir, name), source)
		cmd.Dir = root
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %s", err, output)
		}
	}
	return dir
}
