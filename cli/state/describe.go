package state

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/table"
)

// Describe prints the job: its facts, why it is not running, the end of its launcher's log if it failed, its pods and
// its events.
func (s Job) Describe(out io.Writer, project string, events []corev1.Event, now time.Time) error {
	if err := WriteTable(out, s.facts(project, now)); err != nil {
		return err
	}
	if sentence := cmp.Or(s.Diagnose(events), s.next()); sentence != "" {
		fmt.Fprintf(out, "\n%s\n", sentence)
	}
	if lines := shownLines(s.LauncherLog); len(lines) > 0 {
		fmt.Fprintf(out, "\nLast lines of %s:\n  %s\n", s.FailedLauncher().Name, strings.Join(lines, "\n  "))
	}
	fmt.Fprintln(out, "\nPods:")
	if err := WriteTable(out, s.podRows(now)); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nEvents:")
	if len(events) == 0 {
		_, err := fmt.Fprintln(out, "No events for resources") // the original's own words
		return err
	}
	return table.Write(out, s.eventRows(events, now))
}

// shownLines returns the lines of a log as a terminal shows them, shortened if they are long.
func shownLines(log string) []string {
	var lines []string
	for line := range strings.Lines(log) {
		line = strings.TrimRight(line, "\r\n")
		lines = append(lines, shorten(line[strings.LastIndexByte(line, '\r')+1:])) // of a progress bar
	}
	return lines
}

// next returns the next command for a job with which nothing is wrong.
func (s Job) next() string {
	switch status := s.Status(); status {
	case "Running":
		return fmt.Sprintf("%s: follow the job with %s.", status, s.command("logs", "-f"))
	case "Succeeded":
		return fmt.Sprintf("%s: read the output with %s.", status, s.command("logs"))
	}
	return ""
}

func (s Job) facts(project string, now time.Time) [][]string {
	policies, rest, _ := strings.Cut(s.MPIJob.Annotations[annotations.AppliedPoliciesKey], " ")
	version, _, _ := strings.Cut(rest, " ") // a digest of the cluster policy follows
	return [][]string{
		{"NAME:", s.MPIJob.Name},
		{"NAMESPACE:", s.MPIJob.Namespace},
		{"PROJECT:", project},
		{"TYPE:", s.kind()},
		{"STATUS:", s.Status()},
		{"QUEUE:", s.queue()},
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

// podRows has the original's columns, and after them those that it lacks.
func (s Job) podRows(now time.Time) [][]string {
	rows := [][]string{{"POD", "STATUS", "TYPE", "AGE", "NODE", "RESTARTS", "EXIT CODE"}}
	for _, pod := range s.Pods {
		node := pod.Spec.NodeName
		if pod.Status.HostIP != "" {
			node += "/" + pod.Status.HostIP
		}
		rows = append(rows, []string{
			pod.Name, PodStatus(pod), roleOf(pod), age(pod.CreationTimestamp, now), node, strconv.Itoa(Restarts(pod)), endedWith(pod),
		})
	}
	return rows
}

// endedWith returns the exit code of the container that failed, otherwise of the main one, "" if none has ended.
func endedWith(pod corev1.Pod) string {
	code := exitCode(&pod)
	if main := mainContainer(pod); code == 0 && (main == nil || main.State.Terminated == nil) {
		return ""
	}
	return strconv.Itoa(int(code))
}
