package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/manifest"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// offline reviews jobs as the webhook does, without a cluster.
type offline struct {
	reviewer review.Reviewer
	project  *v1alpha1.Project // default: the one that the job names, without restrictions
	security api.LevelVersion
	user     authenticationv1.UserInfo
	report   io.Writer
	output   io.Writer
	judged   int // how many jobs there were
}

// admit prints the object in a document: an MPIJob as the cluster would store it, and others as they are.
func (o *offline) admit(document []byte) error {
	raw, err := yaml.YAMLToJSON(document)
	if err != nil {
		_, err = manifest.ToJSON(document)
		return fmt.Errorf("cannot read the job: %w", err)
	}
	if isEmpty(raw) {
		return nil
	}
	found, err := kindOf(raw)
	switch {
	case err != nil:
		return err
	case found == manyJobs:
		return o.admitList(document)
	case found == otherKind:
		return o.printAsIs(document)
	}
	if raw, err = manifest.ToJSON(document); err != nil { // a key that occurs twice
		return fmt.Errorf("cannot read the job: %w", err)
	}
	admitted, err := o.admitJob(raw)
	if err != nil {
		return err
	}
	return o.print(admitted)
}

// admitList prints a list without the jobs in it that are refused.
func (o *offline) admitList(document []byte) error {
	raw, err := manifest.ToJSON(document)
	if err != nil {
		return fmt.Errorf("cannot read the list: %w", err)
	}
	var list map[string]json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("cannot read the list: %w", err)
	}
	var items []json.RawMessage
	if err := json.Unmarshal(list["items"], &items); err != nil {
		return errors.New("cannot read the list: items must be a list of objects")
	}
	admitted, errs := []json.RawMessage{}, []error(nil)
	for _, item := range items {
		found, err := kindOf(item)
		if err == nil && found == oneJob {
			item, err = o.admitJob(item)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		admitted = append(admitted, item)
	}
	if list["items"], err = json.Marshal(admitted); err != nil {
		return fmt.Errorf("cannot write the list: %w", err)
	}
	if raw, err = json.Marshal(list); err != nil {
		return fmt.Errorf("cannot write the list: %w", err)
	}
	return errors.Join(append(errs, o.print(raw))...)
}

// isEmpty reports whether a document has only comments.
func isEmpty(raw []byte) bool { return string(raw) == "null" }

// An objectKind is what an object is to the webhook.
type objectKind int

const (
	otherKind objectKind = iota // the webhook never sees it
	oneJob
	manyJobs
)

func kindOf(raw []byte) (objectKind, error) {
	var found metav1.TypeMeta
	if err := json.Unmarshal(raw, &found); err != nil || found.Kind == "" || found.APIVersion == "" {
		return otherKind, errors.New("this object does not have both apiVersion and kind: set them")
	}
	want := v2beta1.SchemeGroupVersionKind
	switch kind := found.GroupVersionKind(); {
	case kind == want:
		return oneJob, nil
	case found == metav1.TypeMeta{APIVersion: "v1", Kind: "List"}, kind == want.GroupVersion().WithKind(want.Kind+"List"):
		return manyJobs, nil
	case strings.EqualFold(kind.Kind, want.Kind), kind.GroupVersion() == want.GroupVersion(): // the version has no other kind
		return otherKind, fmt.Errorf("expected %s of %s, got %s of %s", want.Kind, want.GroupVersion(), kind.Kind, found.APIVersion)
	}
	return otherKind, nil
}

func (o *offline) print(raw []byte) error {
	document, err := manifest.FromJSON(raw)
	if err != nil {
		return fmt.Errorf("cannot write the object: %w", err)
	}
	_, err = fmt.Fprintf(o.output, "---\n%s", document)
	return err
}

// printAsIs prints a document with its comments. A document with characters that a terminal would interpret is
// written again, in a form that can be read back.
func (o *offline) printAsIs(document []byte) error {
	text := strings.TrimSpace(string(document))
	if terminal.Escape(text) != text {
		raw, err := yaml.YAMLToJSON(document)
		if err != nil {
			return fmt.Errorf("cannot read the object: %w", err)
		}
		return o.print(raw)
	}
	_, err := fmt.Fprintf(o.output, "---\n%s\n", strings.TrimPrefix(text, "---\n"))
	return err
}
