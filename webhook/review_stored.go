package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A storedJob is what is read of a job before it is judged.
type storedJob struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        struct {
		Name          string            `json:"name"`
		GenerateName  string            `json:"generateName"`
		Namespace     string            `json:"namespace"`
		Labels        map[string]string `json:"labels"`
		ManagedFields []struct {
			APIVersion  string `json:"apiVersion"`
			Subresource string `json:"subresource"`
		} `json:"managedFields"`
	} `json:"metadata"`
	Status struct {
		Conditions []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
		} `json:"conditions"`
	} `json:"status"`
}

// otherVersion returns the version of the API in which a job was written, unless the webhook judges it.
func (s storedJob) otherVersion() string {
	if s.APIVersion != v2beta1.SchemeGroupVersion.String() {
		return s.APIVersion
	}
	for _, entry := range s.Metadata.ManagedFields {
		if entry.Subresource == "" && strings.HasPrefix(entry.APIVersion, v2beta1.GroupName+"/") && entry.APIVersion != s.APIVersion {
			return entry.APIVersion
		}
	}
	return ""
}

func (s storedJob) runs() bool {
	for _, condition := range s.Status.Conditions {
		if condition.Type == string(v2beta1.JobRunning) && condition.Status == "True" {
			return true
		}
	}
	return false
}

// written lists what the API server writes to an object.
var written = []string{
	"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "selfLink",
}

// asManifest returns a stored job without what the API server and the operator have written to it.
func asManifest(raw []byte) ([]byte, error) {
	var job, metadata map[string]json.RawMessage
	if err := json.Unmarshal(raw, &job); err != nil {
		return nil, fmt.Errorf("cannot read a job: %w", err)
	}
	delete(job, "status")
	if err := json.Unmarshal(job["metadata"], &metadata); err != nil {
		return nil, errors.New("cannot read a job: its metadata is not valid")
	}
	for _, key := range written {
		delete(metadata, key)
	}
	var err error
	if job["metadata"], err = json.Marshal(metadata); err != nil {
		return nil, fmt.Errorf("cannot write a job: %w", err)
	}
	return json.Marshal(job)
}
