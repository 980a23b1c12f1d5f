package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/manifest"
)

// known is what jobs are judged with, from a cluster or from files.
type known struct {
	projects   map[string]*v1alpha1.Project
	identities map[string][]v1alpha1.PosixIdentity // by subject
	namespaces map[string]map[string]string        // their labels
}

func newKnown() known {
	return known{map[string]*v1alpha1.Project{}, map[string][]v1alpha1.PosixIdentity{}, map[string]map[string]string{}}
}

// add adds an object, as JSON, and replaces one of the same name. It returns false for an object of another kind.
func (k known) add(raw []byte, path string) (bool, error) {
	var object struct {
		metav1.TypeMeta `json:",inline"`
		Metadata        struct {
			Name   string            `json:"name"`
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(raw, &object); err != nil {
		return false, fmt.Errorf("cannot read an object of %s: metadata is not valid", path)
	}
	if object.Kind == "" || object.APIVersion == "" {
		return false, fmt.Errorf("an object of %s does not have both apiVersion and kind: set them", path)
	}
	switch object.GroupVersionKind() {
	case corev1.SchemeGroupVersion.WithKind("Namespace"):
		k.namespaces[object.Metadata.Name] = object.Metadata.Labels
	case v1alpha1.GroupVersion.WithKind("Project"):
		project, err := decodeProject(raw, path)
		if err != nil {
			return true, err
		}
		k.projects[project.Name] = project
	case v1alpha1.GroupVersion.WithKind("PosixIdentity"):
		return true, k.addIdentity(raw, path)
	default:
		return false, nil
	}
	return true, nil
}

func (k known) addIdentity(raw []byte, path string) error {
	entry := v1alpha1.PosixIdentity{}
	problems, err := manifest.DecodeStrict(raw, &entry)
	if err = errors.Join(append(problems, err)...); err != nil {
		return fmt.Errorf("invalid PosixIdentity %s: %w", path, err)
	}
	entries := slices.DeleteFunc(k.identities[entry.Spec.Subject], func(other v1alpha1.PosixIdentity) bool { return other.Name == entry.Name })
	k.identities[entry.Spec.Subject] = append(entries, entry)
	return nil
}
