package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/manifest"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
	"github.com/runai-mpi/runai-mpi/webhook/identity"
	"github.com/runai-mpi/runai-mpi/webhook/patch"
	"github.com/runai-mpi/runai-mpi/webhook/review"
	"github.com/runai-mpi/runai-mpi/webhook/server"
)

// admitJob returns the job as the cluster would store it.
func (o *offline) admitJob(raw []byte) ([]byte, error) {
	o.judged++
	raw, lost, err := stored(raw)
	if err != nil {
		return nil, err
	}
	job, err := server.Decode(raw)
	if err != nil {
		return nil, o.refuse(err)
	}
	for _, warning := range lost {
		fmt.Fprintln(o.report, "Warning:", terminal.Line(warning))
	}
	before := job.DeepCopy()
	warnings, errs := o.reporting(before, raw).Create(job, o.requestOf(job))
	if len(errs) > 0 {
		return nil, o.refuse(server.Invalid(cmp.Or(job.Name, job.GenerateName), errs))
	}
	for _, warning := range warnings {
		fmt.Fprintln(o.report, "Warning:", terminal.Line(warning))
	}
	return patched(before, job, raw)
}

// requestOf returns the request for a job. Offline, nobody asks a directory: an identity comes from the
// claims or from the client.
func (o *offline) requestOf(job *v2beta1.MPIJob) review.Request {
	question := identity.Question{User: o.user, Client: annotations.ClientIdentityOf(job.Annotations)}
	found, err := identity.Resolve(question, o.reviewer.Cluster.Identity)
	if err != nil && o.user.Username == "" {
		claims := o.reviewer.Cluster.Identity.Claims
		err = fmt.Errorf("%s needs a user: use --user, with --extra %s=… and --extra %s=…", annotations.RunAsUserKey, claims.UID, claims.GID)
	}
	return review.Request{
		NamespaceFacts: review.NamespaceFacts{Project: o.projectOf(job), PodSecurity: o.security},
		User:           o.user,
		Submitter:      review.Submitter{Identity: found, Unknown: err},
	}
}

func (o *offline) projectOf(job *v2beta1.MPIJob) *v1alpha1.Project {
	if o.project != nil {
		return o.project
	}
	name := job.Annotations[annotations.ProjectKey]
	if name == "" {
		name = "default"
	}
	return &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

// reporting returns a reviewer that reports what each policy changes.
func (o *offline) reporting(before *v2beta1.MPIJob, raw []byte) review.Reviewer {
	reporting, previous := o.reviewer, before.DeepCopy()
	reporting.Applied = func(name string, job *v2beta1.MPIJob) {
		operations, err := patch.Between(previous, job, raw)
		previous = job.DeepCopy()
		if err != nil || len(operations) == 0 {
			fmt.Fprintf(o.report, "%s: no changes\n", name)
		}
		for _, operation := range operations {
			fmt.Fprintf(o.report, "%s: %s %s%s\n", name, operation.Op, terminal.Line(operation.Path), shown(operation.Value))
		}
	}
	return reporting
}

func shown(value any) string {
	if value == nil {
		return ""
	}
	text, _ := json.Marshal(value) // print returns the error
	return " " + string(manifest.EscapeJSON(text))
}

// refuse prints one line for each cause.
func (o *offline) refuse(err error) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return err
	}
	for _, cause := range server.Causes(err) {
		fmt.Fprintln(o.report, terminal.Line(cause))
	}
	return fmt.Errorf("%s is refused", cmp.Or(status.Status().Details.Name, "the job"))
}

// patched returns the JSON of a job after the changes, including fields that its Go type does not know.
func patched(before, job *v2beta1.MPIJob, raw []byte) ([]byte, error) {
	operations, err := patch.Between(before, job, raw)
	if err != nil {
		return nil, err
	}
	text, err := patch.Marshal(operations)
	if err != nil {
		return nil, fmt.Errorf("cannot write the patch: %w", err)
	}
	decoded, err := jsonpatch.DecodePatch(text)
	if err != nil {
		return nil, fmt.Errorf("cannot read the patch: %w", err)
	}
	admitted, err := decoded.Apply(raw)
	if err != nil {
		return nil, fmt.Errorf("cannot apply the patch: %w", err)
	}
	return admitted, nil
}
