package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/golden"
)

const (
	clusterDump  = "testdata/review/cluster.yaml"
	projectsFile = "testdata/review/projects.yaml"
)

func reviewed(t *testing.T, command reviewJobs, stdin string) (output string, err error) {
	t.Helper()
	if command.Output == "" {
		command.Output = "table"
	}
	if err := command.Validate(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = command.run(t.Context(), strings.NewReader(stdin), &out, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	return out.String(), err
}

func TestReviewFiles(t *testing.T) {
	for _, test := range []struct {
		name    string
		command reviewJobs
		err     string
	}{
		{"projects.txt", reviewJobs{File: []string{clusterDump}, Project: []string{projectsFile}}, "4 of 7 jobs would be refused\n2 of 4 namespaces have no Project"},
		{"projects.json", reviewJobs{File: []string{clusterDump}, Project: []string{projectsFile}, Output: "json"}, "4 of 7 jobs would be refused"},
		{"projects-report.yaml", reviewJobs{File: []string{clusterDump}, Project: []string{projectsFile}, Output: "yaml"}, "4 of 7 jobs would be refused"},
		{"no-projects.txt", reviewJobs{File: []string{clusterDump}}, "4 of 4 namespaces have no Project"},
		{"one-namespace.txt", reviewJobs{File: []string{clusterDump}, Project: []string{projectsFile}, Namespace: []string{"mpi-jobs", "mpi-jobs"}, AsProject: "vision"}, ""},
		{"selected.txt", reviewJobs{File: []string{clusterDump}, Project: []string{projectsFile}, Selector: "team=a", Namespace: []string{"runai-vision"}},
			"1 of 1 jobs would be refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			output, err := reviewed(t, test.command, "")
			if fmt.Sprint(err) == "<nil>" != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %v", err)
			}
			golden.Compare(t, "testdata/review/"+test.name, output)
		})
	}
}

func TestReviewErrors(t *testing.T) {
	for _, test := range []struct{ name, stdin, want string }{
		{"no kind", `{"apiVersion":"v1"}`, "an object of standard input does not have both apiVersion and kind: set them"},
		{"not an object", `7`, "cannot read standard input: it must have objects"},
		{"a broken item", `{"kind":"List","apiVersion":"v1","items":[7]}`, "cannot read an object of standard input"},
		{"a project with a wrong date", `{"apiVersion":"policy.run.ai/v1alpha1","kind":"Project","metadata":{"name":"a"},"spec":{"warnOnlyUntil":"soon"}}`,
			`invalid project standard input: spec.warnOnlyUntil "soon" must be a date, for example 2026-12-31`},
		{"a misspelt key", `{"apiVersion":"policy.run.ai/v1alpha1","kind":"PosixIdentity","metadata":{"name":"a"},"spec":{"user":"x"}}`,
			`invalid PosixIdentity standard input: unknown key "spec.user"`},
		{"a key that occurs twice", "kind: List\nkind: List", "cannot read standard input: "},
	} {
		if output, err := reviewed(t, reviewJobs{File: []string{"-"}}, test.stdin); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: %v %s", test.name, err, output)
		}
	}
	if _, err := reviewed(t, reviewJobs{File: []string{"-"}, Project: []string{clusterDump}}, `{"apiVersion":"v1","kind":"Secret"}`); err == nil ||
		!strings.Contains(err.Error(), "must have only Projects and PosixIdentities") {
		t.Errorf("got %v", err)
	}
}

// apiServer serves a cluster that has MPIJobs of some versions, and nothing of runai-mpi.
type apiServer struct {
	t        *testing.T
	versions []string
	jobs     int

	requests []string
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	w.Header().Set("Content-Type", "application/json")
	list := func(apiVersion, kind, next string, items ...string) {
		fmt.Fprintf(w, `{"apiVersion":%q,"kind":"%sList","metadata":{"continue":%q},"items":[%s]}`, apiVersion, kind, next, strings.Join(items, ","))
	}
	version, isJobs := strings.CutPrefix(strings.TrimSuffix(r.URL.Path, "/mpijobs"), "/apis/kubeflow.org/")
	switch {
	case strings.HasSuffix(r.URL.Path, "/customresourcedefinitions"):
		if len(s.versions) == 0 {
			list("apiextensions.k8s.io/v1", "CustomResourceDefinition", "")
			return
		}
		var served []string
		for _, version := range s.versions {
			served = append(served, fmt.Sprintf(`{"name":%q,"served":true}`, version))
		}
		list("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", fmt.Sprintf(
			`{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","spec":{"versions":[{"name":"v0","served":false},%s]}}`, strings.Join(served, ",")))
	case r.URL.Path == "/api/v1/namespaces":
		list("v1", "Namespace", "", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a","labels":{"runai/queue":"vision"}}}`)
	case isJobs && slices.Contains(s.versions, version):
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		from, _ := strconv.Atoi(r.URL.Query().Get("continue"))
		if limit != pageSize {
			s.t.Errorf("a request without a limit: %s", r.URL)
		}
		var items []string
		next := ""
		for i := from; i < s.jobs; i++ {
			if i == from+limit {
				next = strconv.Itoa(i)
				break
			}
			items = append(items, fmt.Sprintf(
				`{"apiVersion":"kubeflow.org/%s","kind":"MPIJob","metadata":{"name":"job-%03d","namespace":"a"},"spec":{"mpiReplicaSpecs":{`+
					`"Launcher":{"template":{"spec":{"containers":[{"name":"a","image":"b"}]}}}}}}`, version, i))
		}
		list("kubeflow.org/"+version, "MPIJob", next, items...)
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"message":"the server could not find the requested resource"}`)
	}
}

// Before the installation, and with other versions of MPIJob, the command says what it sees, page by page.
func TestReviewClusterBeforeInstallation(t *testing.T) {
	for _, test := range []struct {
		name     string
		versions []string
		jobs     int
		want     []string
		err      string
	}{
		{"several pages", []string{"v2beta1", "v1"}, 2*pageSize + 1,
			[]string{"\na          job-100  changed  changed by scheduling", "Project vision does not exist", "Namespaces: 1, jobs: 101."},
			"1 of 1 namespaces have no Project"},
		{"another version", []string{"v1", "v1alpha2"}, 1,
			[]string{"refused  MPIJobs of kubeflow.org/v1 are not allowed in projects: use apiVersion kubeflow.org/v2beta1\n"},
			"1 of 1 jobs would be refused\n1 of 1 namespaces have no Project"},
		{"no version", nil, 0, nil, "the cluster has no MPIJobs: install the MPI Operator, or use -f to review files"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cluster := &apiServer{t: t, versions: test.versions, jobs: test.jobs}
			server := httptest.NewServer(cluster)
			defer server.Close()
			kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
			text := `{"apiVersion":"v1","kind":"Config","current-context":"c","contexts":[{"name":"c","context":{"cluster":"c"}}],"clusters":[{"name":"c","cluster":{"server":"` + server.URL + `"}}]}`
			if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			output, err := reviewed(t, reviewJobs{Kubeconfig: kubeconfig}, "")
			if err == nil || err.Error() != test.err {
				t.Errorf("got %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(output, want) {
					t.Errorf("got %s, want %q", output, want)
				}
			}
			for _, request := range cluster.requests {
				if !strings.HasPrefix(request, "GET ") {
					t.Errorf("changes the cluster: %s", request)
				}
			}
		})
	}
}
