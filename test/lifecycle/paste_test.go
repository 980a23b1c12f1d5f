package lifecycle

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/pages"

	"github.com/runai-mpi/runai-mpi/test/docgen"
	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/certmanager"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/operatortests"
)

// A replacement is what replaces a part of a pasted command, because the lab cannot have it.
type replacement struct {
	text, why string
	// Either other text, or something that the test does.
	by string
	do func(*testing.T)
}

func replacements(t *testing.T) []replacement {
	t.Helper()
	all := []replacement{
		{
			text: "make push IMAGE=registry.example.com/", by: "make push IMAGE=" + product.Release.Lab.RegistryAddress + "/",
			why: "only the node knows the registry by this name",
		},
		{
			text: "kubectl apply -f https://github.com/cert-manager/cert-manager/releases/download/" + version(t, binaries.CertManager) +
				"/cert-manager.yaml\nkubectl -n cert-manager rollout status deployment/cert-manager-webhook\n",
			do: startCertManager, why: "images of cert-manager cannot be pulled here: its own controllers run as a process",
		},
		{
			text: "kubectl apply --server-side -f https://raw.githubusercontent.com/kubeflow/mpi-operator/" +
				version(t, binaries.MPIOperator) + "/deploy/v2beta1/mpi-operator.yaml\n",
			do: deployOperator, why: "an image of mpi-operator cannot be pulled here: its own manifest gets our build of it",
		},
		{
			text: "-i mpioperator/mpi-pi:openmpi", by: "-i " + images.OpenMPI4 + " --image-pull-policy=Never",
			why: "the node has only the images of the lab",
		},
	}
	for _, r := range all {
		replaced[r.text] = r.why
	}
	return all
}

// replaced has what is replaced in the pages, and why, for the page.
var replaced = map[string]string{}

func replacedList() string {
	var rows [][]string
	for _, text := range slices.Sorted(maps.Keys(replaced)) {
		rows = append(rows, []string{docgen.Code(strings.Split(strings.TrimSpace(text), "\n")[0]), replaced[text]})
	}
	return strings.TrimSuffix(docgen.Table([]string{"part", "why"}, rows), "\n")
}

// version returns the version of a server, as its project names its releases.
func version(t *testing.T, name binaries.Name) string {
	t.Helper()
	source, err := binaries.Source(name)
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(path.Base(source), "@")
	return version
}

var certManagerRuns, operatorRuns bool

func startCertManager(t *testing.T) {
	t.Helper()
	if certManagerRuns {
		return
	}
	if _, err := certmanager.Start(t.Context(), product.Env); err != nil {
		t.Fatal(err)
	}
	certManagerRuns = true
}

func deployOperator(t *testing.T) {
	t.Helper()
	if operatorRuns {
		return
	}
	if err := operatortests.DeployOperator(t.Context(), product.Env, product.Client); err != nil {
		t.Fatal(err)
	}
	operatorRuns = true
}

// paste runs a command of a page, and fails the test if it prints something else than the page says. It returns what
// it prints.
func (s *shell) paste(t *testing.T, c pages.Command) string {
	t.Helper()
	output := s.runReplaced(t, c.Text, replacements(t))
	if c.Prints == "" {
		return output
	}
	want := comparable(me.ReplaceAllString(c.Prints, username))
	got := comparable(output)
	if got != want && (!c.Partly || !strings.HasSuffix(got, want)) {
		t.Errorf("%s\nprints\n%s\n\nthe page says\n%s", c.Text, got, want)
	}
	return output
}

// username is the administrator's, which the pages call ME.
const username = "admin"

var me = regexp.MustCompile(`\bME\b`)

// runReplaced runs commands with the first replacement that is in them, and then the rest.
func (s *shell) runReplaced(t *testing.T, text string, rest []replacement) string {
	t.Helper()
	if strings.TrimSpace(text) == "" {
		return ""
	}
	if len(rest) == 0 {
		return s.run(t, text)
	}
	first := rest[0]
	if first.do == nil {
		return s.runReplaced(t, strings.ReplaceAll(text, first.text, first.by), rest[1:])
	}
	before, after, found := strings.Cut(text, first.text)
	output := s.runReplaced(t, before, rest[1:])
	if found {
		first.do(t)
		output += s.runReplaced(t, after, rest)
	}
	return output
}
