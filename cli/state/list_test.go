package state

import (
	"bytes"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// Wide rows end with the reason, and others do not have it.
func TestReasonInList(t *testing.T) {
	job := mpijobtest.MakeMPIJob("dist1", "a").Obj()
	job.Status.Conditions = []v2beta1.JobCondition{{Type: v2beta1.JobFailed, Status: corev1.ConditionTrue, Reason: "DeadlineExceeded"}}
	project := func(string) string { return "a" }
	for wide, want := range map[bool]string{true: "DeadlineExceeded", false: ""} {
		rows := Rows([]Job{New(job, nil)}, project, time.Now(), wide)
		if got := rows[1][len(rows[1])-1]; got != want || len(rows[0]) != len(rows[1]) {
			t.Errorf("wide %t: got %q", wide, rows)
		}
	}
}

// A status has the same colour in each of the rows of list -w.
func TestGrowingRows(t *testing.T) {
	var out bytes.Buffer
	growing := GrowingRows(terminal.NewColourWriter(&out))
	for _, status := range []string{"STATUS", "Running", "Deleted", "Failed"} {
		if err := growing.Write([][]string{{"Failed", status, "Failed"}}); err != nil {
			t.Fatal(err)
		}
	}
	const red, green, end = "\x1b[31m", "\x1b[32m", "\x1b[0m"
	want := "Failed  STATUS  Failed\n" +
		"Failed  " + green + "Running" + end + "  Failed\n" +
		"Failed  Deleted  Failed\n" +
		"Failed  " + red + "Failed" + end + "   Failed\n"
	if out.String() != want {
		t.Errorf("got %q\nwant %q", out.String(), want)
	}
}
