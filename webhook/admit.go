package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/pod-security-admission/api"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
	"github.com/runai-mpi/runai-mpi/shared/version"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

type admit struct {
	File    []string `short:"f" required:"" sep:"none" placeholder:"FILE" help:"YAML or JSON file, or a directory of such files; - reads standard input. Objects other than MPIJobs are printed unchanged. Can be repeated."`
	Policy  string   `placeholder:"FILE" type:"existingfile" help:"File with the cluster policy. Default: the built-in one."`
	Project string   `placeholder:"FILE" type:"existingfile" help:"File with the project. Default: one without restrictions."`

	PodSecurity string `enum:"privileged,baseline,restricted" default:"privileged" help:"Pod Security Standard that the namespace enforces: ${enum}."`

	User  string   `placeholder:"NAME" help:"Username as the API server would authenticate it."`
	Extra []string `sep:"none" placeholder:"KEY=VALUE" help:"Extra attribute of the user. Repeat a key for more values. Example: --extra run.ai/uid=1234567"`
}

// Run prints each object on standard output: MPIJobs as the cluster would store them, all others unchanged. On
// standard error it prints what each policy changed, or every reason to refuse a job.
func (a *admit) Run() error {
	return a.run(os.Stdin, terminal.NewWriter(os.Stdout), terminal.NewWriter(os.Stderr))
}

func (a *admit) run(stdin io.Reader, output, report io.Writer) error {
	offline, err := a.offline(output, report)
	if err != nil {
		return err
	}
	files, errs := manifestFiles(a.File)
	for _, file := range files {
		several := len(files) > 1 || !file.named
		if several {
			fmt.Fprintf(report, "%s:\n", terminal.Line(file.String()))
		}
		for _, err := range offline.admitFile(file, stdin) {
			if several {
				err = fmt.Errorf("%s: %w", file, err)
			}
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 && offline.judged == 0 {
		fmt.Fprintln(report, "Warning: there is no MPIJob to admit")
	}
	return errors.Join(errs...)
}

// offline reads the options that hold for all files.
func (a *admit) offline(output, report io.Writer) (*offline, error) {
	cluster, err := config.Load(a.Policy)
	if err != nil {
		return nil, err
	}
	project, err := loadProject(a.Project)
	if err != nil {
		return nil, err
	}
	extra, err := parseExtra(a.Extra)
	if err != nil {
		return nil, err
	}
	return &offline{
		reviewer: review.Reviewer{Cluster: cluster, Version: version.String()},
		project:  project,
		security: api.LevelVersion{Level: api.Level(a.PodSecurity), Version: api.LatestVersion()},
		user:     authenticationv1.UserInfo{Username: a.User, Extra: extra},
		report:   report,
		output:   output,
	}, nil
}

// admitFile reads all documents of a file, so that an administrator sees the verdict on each.
func (o *offline) admitFile(file manifestFile, stdin io.Reader) (errs []error) {
	text, err := file.read(stdin)
	if err != nil {
		return []error{fmt.Errorf("cannot read the job: %w", err)}
	}
	for document, err := range documents(text) {
		if err == nil {
			err = o.admit(document)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

func parseExtra(pairs []string) (map[string]authenticationv1.ExtraValue, error) {
	extra := map[string]authenticationv1.ExtraValue{}
	for _, pair := range pairs {
		key, value, found := strings.Cut(pair, "=")
		if !found || key == "" {
			return nil, fmt.Errorf("invalid --extra %q: expected KEY=VALUE, for example run.ai/uid=1234567", pair)
		}
		extra[key] = append(extra[key], value)
	}
	return extra, nil
}
