package jobs

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/output"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/kai"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/table"
)

// Describe is runai describe job.
type Describe struct {
	Name   string `arg:"" name:"NAME" help:"Name of the job."`
	Output string `short:"o" enum:",wide,yaml,json" default:"" placeholder:"FORMAT" help:"Print the job as stored in the cluster, as yaml or json. Example: -o yaml"`
}

// Run prints a job: its facts, why it is not running, its pods and its events.
func (d *Describe) Run(ctx context.Context, run *invocation.Invocation) error {
	client, err := run.Connect()
	if err != nil {
		return err
	}
	object, err := find(ctx, run, client, d.Name)
	if err != nil {
		return err
	}
	if d.Output == "yaml" || d.Output == "json" {
		return output.Write(run.Stdout, d.Output, []*unstructured.Unstructured{object})
	}
	s, err := stateOf(ctx, run, client, object)
	if err != nil {
		return err
	}
	events, err := client.Events(ctx, s.job.Namespace)
	if err != nil {
		run.Warn("cannot show the events: " + client.Explain(err))
	}
	s.queueMissing = isQueueMissing(ctx, client, s)
	scope := run.Scope(client)
	scope.Namespace = s.job.Namespace
	return s.describe(run.Stdout, projectsOf(ctx, client, scope)(s.job.Namespace), s.eventsOf(events), time.Now())
}

// isQueueMissing reports whether a job waits in a KAI queue that does not exist: KAI itself does not say so. Most
// users are not allowed to know.
func isQueueMissing(ctx context.Context, client *kube.Client, s state) bool {
	queue := s.job.Labels[kai.QueueLabel]
	waits := slices.ContainsFunc(s.current(), func(pod corev1.Pod) bool { return isKAI(pod) && pod.Spec.NodeName == "" })
	if queue == "" || !waits {
		return false
	}
	_, err := client.Get(ctx, kube.Queues, "", queue)
	return kube.IsMissing(err)
}

func (s state) describe(out io.Writer, project string, events []corev1.Event, now time.Time) error {
	if err := table.Write(out, s.facts(project, now)); err != nil {
		return err
	}
	if sentence := diagnose(s, events); sentence != "" {
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

func (s state) facts(project string, now time.Time) [][]string {
	policies, version, _ := strings.Cut(s.job.Annotations[annotations.AppliedPoliciesKey], " ")
	return [][]string{
		{"NAME:", s.job.Name},
		{"NAMESPACE:", s.job.Namespace},
		{"PROJECT:", project},
		{"TYPE:", s.kind()},
		{"STATUS:", s.status()},
		{"TRAINING DURATION:", s.trainingTime(now)},
		{"IMAGE:", s.image()},
		{"GPUS:", s.gpusPer(mpijob.Worker).String()},
		{"TOTAL REQUESTED GPUS:", s.requestedGPUs().String()},
		{"ALLOCATED GPUS:", s.allocatedGPUs().String()},
		{"PARALLELISM:", strconv.Itoa(int(mpijob.Workers(s.job)))},
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

func (s state) trainingTime(now time.Time) string {
	start, end := s.job.Status.StartTime, now
	if start == nil {
		return ""
	}
	if completed := s.job.Status.CompletionTime; completed != nil {
		end = completed.Time
	}
	return duration.HumanDuration(end.Sub(start.Time))
}

func (s state) podRows(now time.Time) [][]string {
	rows := [][]string{{"POD", "STATUS", "TYPE", "AGE", "NODE"}}
	for _, pod := range s.pods {
		node := pod.Spec.NodeName
		if pod.Status.HostIP != "" {
			node += "/" + pod.Status.HostIP
		}
		rows = append(rows, []string{pod.Name, podStatus(pod), roleOf(pod), age(pod.CreationTimestamp, now), node})
	}
	return rows
}
