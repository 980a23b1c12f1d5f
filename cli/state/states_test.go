package state

import (
	"bytes"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/test/golden"
)

// A recording is what a real cluster said about a job: "make states" writes it.
type recording struct {
	Now      time.Time         `json:"now"`
	Job      *v2beta1.MPIJob   `json:"job"`
	Pods     []corev1.Pod      `json:"pods"`
	Events   []corev1.Event    `json:"events"`
	Workload *Workload         `json:"workload"`
	Pending  *PendingWorkloads `json:"pending"`
	Log      string            `json:"log"`
}

// describe and the short reason say what happened, the evidence and the next command, for a job in each state.
func TestStates(t *testing.T) {
	for _, c := range golden.Cases(t, "testdata") {
		t.Run(c.Name, func(t *testing.T) {
			text, _ := c.File("recording.yaml")
			var r recording
			if err := yaml.UnmarshalStrict([]byte(text), &r); err != nil {
				t.Fatal(err)
			}
			s := New(r.Job, r.Pods)
			s.Flags, s.Workload, s.NoWorkload, s.LauncherLog = " -p team-a", r.Workload, r.Workload == nil, r.Log
			if r.Pending != nil {
				s.Workload.FindPlace(*r.Pending)
			}
			var out bytes.Buffer
			if err := s.Describe(&out, "team-a", s.EventsOf(r.Events), r.Now); err != nil {
				t.Fatal(err)
			}
			c.Compare(t, "describe", out.String())
			c.Compare(t, "reason", s.Reason()+"\n")
		})
	}
}
