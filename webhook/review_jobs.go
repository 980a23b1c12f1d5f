package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
	"github.com/runai-mpi/runai-mpi/shared/version"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

type reviewJobs struct {
	Namespace []string `short:"n" sep:"none" placeholder:"NAMESPACE" help:"Namespace to review. Without the label of a project, its project is --as-project, or X for namespace runai-X. Can be repeated. Default: all namespaces with the label."`
	Selector  string   `short:"l" placeholder:"SELECTOR" help:"Review only jobs with these labels. Example: -l team=a"`
	File      []string `short:"f" sep:"none" placeholder:"FILE" help:"YAML or JSON file, or a directory of such files, to review instead of the cluster: MPIJobs, and the Namespaces, Projects and PosixIdentities that belong to them; - reads standard input. Can be repeated."`
	Policy    string   `placeholder:"FILE" type:"existingfile" help:"File with the cluster policy. Default: the built-in one."`
	Project   []string `sep:"none" placeholder:"FILE" type:"existingfile" help:"File with Projects and PosixIdentities, which are added to those of the cluster, or replace those with the same name. Can be repeated."`
	AsProject string   `placeholder:"NAME" help:"Project of those namespaces in -n or -f that do not have the label of one."`
	Output    string   `short:"o" enum:"table,json,yaml" default:"table" help:"Format of the report: table, json or yaml."`

	Kubeconfig string `placeholder:"FILE" type:"existingfile" help:"File with the kubeconfig. Default: the one that kubectl uses."`
}

// Validate is called by kong.
func (r *reviewJobs) Validate() error {
	if r.AsProject != "" && len(r.Namespace) == 0 && len(r.File) == 0 {
		return errors.New("--as-project requires -n or -f")
	}
	if r.Kubeconfig != "" && len(r.File) > 0 {
		return errors.New("--kubeconfig and -f cannot be used together")
	}
	if _, err := labels.Parse(r.Selector); err != nil {
		return fmt.Errorf("invalid value %q for -l: must be a label selector, for example team=a", r.Selector)
	}
	return nil
}

// Run prints what would happen to the stored jobs of a cluster, or to those in files, if they were submitted again. It
// changes nothing.
func (r *reviewJobs) Run() error {
	return r.run(context.Background(), os.Stdin, terminal.NewWriter(os.Stdout), time.Now())
}

func (r *reviewJobs) run(ctx context.Context, stdin io.Reader, output io.Writer, now time.Time) error {
	slices.Sort(r.Namespace)
	r.Namespace = slices.Compact(r.Namespace)
	cluster, err := config.Load(r.Policy)
	if err != nil {
		return err
	}
	selector, err := labels.Parse(r.Selector)
	if err != nil {
		return err
	}
	j := &judge{
		reviewer: review.Reviewer{Cluster: cluster, Version: version.String()}, known: newKnown(), keepsGroupsPolicy: true,
		asProject: r.AsProject, chosen: len(r.Namespace) > 0 || len(r.File) > 0, selector: selector, now: now,
		only: r.Namespace,
	}
	if len(r.File) > 0 {
		err = r.reviewFiles(j, stdin)
	} else {
		err = r.reviewCluster(ctx, j)
	}
	if err != nil {
		return err
	}
	if err := j.report.write(output, r.Output); err != nil {
		return err
	}
	return j.report.Summary.err()
}

// reviewFiles judges the jobs in files, with what else is in them.
func (r *reviewJobs) reviewFiles(j *judge, stdin io.Reader) error {
	files, err := readFiles(r.File, stdin)
	if err != nil {
		return err
	}
	var jobs [][]byte
	inFiles := map[string]bool{} // the namespaces of jobs
	for _, file := range files {
		err := file.each(func(raw []byte) error {
			if added, err := j.known.add(raw, file.path); added || err != nil {
				return err
			}
			if isJob(raw) {
				jobs = append(jobs, raw)
				inFiles[namespaceOf(raw)] = true
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := r.addProjects(j.known); err != nil {
		return err
	}
	for _, namespace := range r.Namespace {
		if _, listed := j.known.namespaces[namespace]; !listed && !inFiles[namespace] {
			return fmt.Errorf("namespace %s not found in the files: they have neither a Namespace %s nor an MPIJob in it", namespace, namespace)
		}
		if err := j.mustHaveProject(namespace); err != nil {
			return err
		}
	}
	j.reportNamespaces()
	for _, raw := range jobs {
		if err := j.job(raw); err != nil {
			return err
		}
	}
	return nil
}

// isJob reports whether an object is an MPIJob, of any version.
func isJob(raw []byte) bool {
	var object metav1.TypeMeta
	_ = json.Unmarshal(raw, &object) // what cannot be read has been refused
	return object.Kind == v2beta1.Kind && object.GroupVersionKind().Group == v2beta1.GroupName
}

func namespaceOf(raw []byte) string {
	var object metav1.PartialObjectMetadata
	_ = json.Unmarshal(raw, &object) // the judge returns the error
	return object.Namespace
}

// addProjects adds what the files of --project have.
func (r *reviewJobs) addProjects(known known) error {
	files, err := readFiles(r.Project, nil)
	if err != nil {
		return err
	}
	for _, file := range files {
		err := file.each(func(raw []byte) error {
			added, err := known.add(raw, file.path)
			if err == nil && !added {
				err = fmt.Errorf("%s must have only Projects and PosixIdentities", file.path)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
