package state

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/table"
)

// Describe prints the job: its facts, why it is not running, its pods and its events.
func (s Job) Describe(out io.Writer, project string, events []corev1.Event, now time.Time) error {
	if err := table.Write(out, s.facts(project, now)); err != nil {
		return err
	}
	if sentence := s.Diagnose(events); sentence != "" {
		fmt.Fprintf(out, "\n%s\n", sentence)
	}
	fmt.Fprintln(out, "\nPods:")
	if err := table.Write(out, s.podRows(now)); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nEvents:")
	if len(events) == 0 {
		_, err := fmt.Fprintln(out, "No events for resources") // the original's own words
		return err
	}
	return table.Write(out, s.eventRows(events, now))
}

func (s Job) facts(project string, now time.Time) [][]string {
	policies, version, _ := strings.Cut(s.MPIJob.Annotations[annotations.AppliedPoliciesKey], " ")
	return [][]string{
		{"NAME:", s.MPIJob.Name},
		{"NAMESPACE:", s.MPIJob.Namespace},
		{"PROJECT:", project},
		{"TYPE:", s.kind()},
		{"STATUS:", s.Status()},
		{"TRAINING DURATION:", s.trainingTime(now)},
		{"IMAGE:", s.image()},
		{"GPUS:", s.gpusPer(mpijob.Worker).String()},
		{"TOTAL REQUESTED GPUS:", s.requestedGPUs().String()},
		{"ALLOCATED GPUS:", s.allocatedGPUs().String()},
		{"PARALLELISM:", strconv.Itoa(int(mpijob.Workers(s.MPIJob)))},
		{"RUNNING PODS:", strconv.Itoa(s.count(corev1.PodRunning))},
		{"PENDING PODS:", strconv.Itoa(s.count(corev1.PodPending))},
		{"SUCCEEDED PODS:", strconv.Itoa(s.count(corev1.PodSucceeded))},
		{"FAILED PODS:", strconv.Itoa(s.count(corev1.PodFailed))},
		{"SUBMITTED BY:", s.user()},
		{"RUNS AS:", s.runsAs()},
		{"APPLIED POLICIES:", strings.ReplaceAll(policies, ",", ", ")},
		{"WEBHOOK VERSION:", version},
	}
}

func (s Job) trainingTime(now time.Time) string {
	start, end := s.MPIJob.Status.StartTime, now
	if start == nil {
		return ""
	}
	if completed := s.MPIJob.Status.CompletionTime; completed != nil {
		end = completed.Time
	}
	return duration.HumanDuration(end.Sub(start.Time))
}

func (s Job) podRows(now time.Time) [][]string {
	rows := [][]string{{"POD", "STATUS", "TYPE", "AGE", "NODE"}}
	for _, pod := range s.Pods {
		node := pod.Spec.NodeName
		if pod.Status.HostIP != "" {
			node += "/" + pod.Status.HostIP
		}
		rows = append(rows, []string{pod.Name, PodStatus(pod), roleOf(pod), age(pod.CreationTimestamp, now), node})
	}
	return rows
}
