package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/manifest"
	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// loadProject reads a file with one project. Without a path there is none.
func loadProject(path string) (*v1alpha1.Project, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the project: %w", err)
	}
	text, err := manifest.ToJSON(data)
	if err != nil {
		return nil, fmt.Errorf("invalid project %s: %w", path, err)
	}
	return decodeProject(text, path)
}

// decodeProject reads the JSON of a project, as strictly as the API server does with its CRD.
func decodeProject(text []byte, path string) (*v1alpha1.Project, error) {
	project := &v1alpha1.Project{}
	problems, err := manifest.DecodeStrict(text, project)
	if err != nil {
		problems = append(problems, err)
	}
	want := metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Project"}
	if project.TypeMeta != want || project.Name == "" {
		return nil, fmt.Errorf("invalid project %s: must have apiVersion %s, kind %s and metadata.name", path, want.APIVersion, want.Kind)
	}
	problems = append(problems, badValues(project.Spec)...)
	for i, problem := range problems {
		problems[i] = fmt.Errorf("invalid project %s: %w", path, problem)
	}
	return project, errors.Join(problems...)
}

// badValues returns an error for each value that the CRD would refuse because it is not in its enum, or not a date.
func badValues(spec v1alpha1.ProjectSpec) []error {
	var problems []error
	modes := []v1alpha1.IdentityMode{v1alpha1.IdentityDisabled, v1alpha1.IdentityOptional, v1alpha1.IdentityRequired}
	if spec.Identity != "" && !slices.Contains(modes, spec.Identity) {
		problems = append(problems, fmt.Errorf("spec.identity %q must be %s", spec.Identity, suggest.OneOf(modes...)))
	}
	for _, restriction := range []struct {
		key   string
		value v1alpha1.Restriction
	}{
		{"hostPath", spec.Restrictions.HostPath}, {"hostNetwork", spec.Restrictions.HostNetwork}, {"hostIPC", spec.Restrictions.HostIPC},
	} {
		if value := restriction.value; value != "" && value != v1alpha1.Allow && value != v1alpha1.Deny {
			problems = append(problems, fmt.Errorf("spec.restrictions.%s %q must be %s", restriction.key, value, suggest.OneOf(v1alpha1.Allow, v1alpha1.Deny)))
		}
	}
	if _, err := time.Parse(time.DateOnly, spec.WarnOnlyUntil); err != nil && spec.WarnOnlyUntil != "" {
		problems = append(problems, fmt.Errorf("spec.warnOnlyUntil %q must be a date, for example 2026-12-31", spec.WarnOnlyUntil))
	}
	return problems
}
