package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/runai-mpi/runai-mpi/shared/manifest"
	"github.com/runai-mpi/runai-mpi/shared/table"
)

// The results of judging a job.
const (
	resultRefused   = "refused"
	resultChanged   = "changed"
	resultUnchanged = "unchanged"
)

// A report is what would happen to jobs.
type report struct {
	Jobs       []jobReport        `json:"jobs"`
	Namespaces []*namespaceReport `json:"namespaces"`
	Summary    summary            `json:"summary"`

	byName map[string]*namespaceReport
}

type jobReport struct {
	Namespace string   `json:"namespace"`
	Name      string   `json:"name"`
	Result    string   `json:"result"`
	Why       []string `json:"why,omitempty"`
	// Running is set if its pods run now.
	Running         bool `json:"running,omitempty"`
	IdentityUnknown bool `json:"identityUnknown,omitempty"`
}

type namespaceReport struct {
	Name    string `json:"name"`
	Project string `json:"project"`
	// NoProject is set if the project does not exist.
	NoProject bool `json:"noProject,omitempty"`
	counts
	Remarks []string `json:"remarks,omitempty"`
}

type counts struct {
	Jobs      int `json:"jobs"`
	Refused   int `json:"refused"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
}

type summary struct {
	Namespaces int `json:"namespaces"`
	// WithoutProject counts the namespaces whose project does not exist.
	WithoutProject int `json:"withoutProject"`
	counts
	// RefusedRunning counts the jobs that would be refused and run now.
	RefusedRunning int `json:"refusedRunning"`
	// IdentityUnknown counts the jobs that must run as their submitter, who is not known.
	IdentityUnknown int `json:"identityUnknown"`
	// Elsewhere counts the jobs in namespaces of no project.
	Elsewhere int `json:"elsewhere"`
}

func (f *jobReport) refuse(why []string)  { f.Result, f.Why = resultRefused, why }
func (f *jobReport) change(why ...string) { f.Result, f.Why = resultChanged, why }

func (c *counts) count(result string) {
	c.Jobs++
	switch result {
	case resultRefused:
		c.Refused++
	case resultChanged:
		c.Changed++
	default:
		c.Unchanged++
	}
}

func (r *report) namespace(name string) *namespaceReport { return r.byName[name] }

func (r *report) addNamespace(found namespaceReport) *namespaceReport {
	if r.byName == nil {
		r.byName = map[string]*namespaceReport{}
	}
	r.byName[found.Name] = &found
	r.Namespaces = append(r.Namespaces, &found)
	r.Summary.Namespaces++
	if found.NoProject {
		r.Summary.WithoutProject++
	}
	return &found
}

func (r *report) add(job jobReport) {
	r.Jobs = append(r.Jobs, job)
	r.Summary.count(job.Result)
	r.namespace(job.Namespace).count(job.Result)
	if job.Result == resultRefused && job.Running {
		r.Summary.RefusedRunning++
	}
	if job.IdentityUnknown {
		r.Summary.IdentityUnknown++
	}
}

// write writes the report as a table, JSON or YAML.
func (r *report) write(output io.Writer, format string) error {
	slices.SortFunc(r.Namespaces, func(a, b *namespaceReport) int { return strings.Compare(a.Name, b.Name) })
	slices.SortStableFunc(r.Jobs, func(a, b jobReport) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	if r.Jobs == nil {
		r.Jobs = []jobReport{}
	}
	if r.Namespaces == nil {
		r.Namespaces = []*namespaceReport{}
	}
	switch format {
	case "json":
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return fmt.Errorf("cannot write the report: %w", err)
		}
		_, err = fmt.Fprintf(output, "%s\n", manifest.EscapeJSON(text))
		return err
	case "yaml":
		text, err := manifest.YAML(r)
		if err != nil {
			return fmt.Errorf("cannot write the report: %w", err)
		}
		_, err = output.Write(text)
		return err
	}
	return r.writeTables(output)
}

func (r *report) writeTables(output io.Writer) error {
	if len(r.Jobs) > 0 {
		rows := [][]string{{"NAMESPACE", "NAME", "RESULT", "WHY"}}
		for _, job := range r.Jobs {
			for _, why := range append(job.Why, "")[:max(len(job.Why), 1)] {
				rows = append(rows, []string{job.Namespace, job.Name, job.Result, why})
			}
		}
		if err := table.Write(output, rows); err != nil {
			return err
		}
		fmt.Fprintln(output)
	}
	if len(r.Namespaces) > 0 {
		rows := [][]string{{"NAMESPACE", "PROJECT", "JOBS", "REFUSED", "CHANGED", "UNCHANGED", "REMARKS"}}
		for _, found := range r.Namespaces {
			n := strconv.Itoa
			rows = append(rows, []string{found.Name, found.Project, n(found.Jobs), n(found.Refused), n(found.Changed), n(found.Unchanged),
				strings.Join(found.Remarks, "; ")})
		}
		if err := table.Write(output, rows); err != nil {
			return err
		}
		fmt.Fprintln(output)
	}
	_, err := fmt.Fprint(output, r.Summary)
	return err
}

// String says what would happen, a line each.
func (s summary) String() string {
	text := fmt.Sprintf("Namespaces: %d, jobs: %d. If they were submitted again: %d refused, %d changed, %d unchanged\n",
		s.Namespaces, s.Jobs, s.Refused, s.Changed, s.Unchanged)
	for _, more := range []struct {
		what  string
		count int
	}{
		{"Namespaces without a Project, in which every new job would be refused", s.WithoutProject},
		{"Jobs that must run as their submitter, who is not recorded", s.IdentityUnknown},
		{"Jobs that would be refused but run now, and keep running", s.RefusedRunning},
		{"Jobs in namespaces of no project, which are not affected", s.Elsewhere},
	} {
		if more.count > 0 {
			text += fmt.Sprintf("%s: %d\n", more.what, more.count)
		}
	}
	return text
}

// err returns an error if something would be refused.
func (s summary) err() error {
	var refused, missing error
	if s.Refused > 0 {
		refused = fmt.Errorf("%d of %d jobs would be refused", s.Refused, s.Jobs)
	}
	if s.WithoutProject > 0 {
		missing = fmt.Errorf("%d of %d namespaces have no Project", s.WithoutProject, s.Namespaces)
	}
	return errors.Join(refused, missing)
}
