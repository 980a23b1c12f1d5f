package jobs

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

// evidenceTime bounds the requests that a description can do without.
const evidenceTime = 5 * time.Second

// addEvidence reads what explains why a job is not running beyond its pods, all at the same time. Without what the user
// may not read, or the cluster does not have, the diagnosis is shorter.
func addEvidence(ctx context.Context, client *kube.Client, s *state.Job) {
	ctx, cancel := context.WithTimeout(kube.Once(ctx), evidenceTime)
	defer cancel()
	job := *s
	var reads sync.WaitGroup
	reads.Go(func() { s.QueueMissing = isQueueMissing(ctx, client, job) })
	reads.Go(func() { s.Workload, s.NoWorkload = workloadOf(ctx, client, job) })
	reads.Go(func() { s.LauncherLog = endOfLog(ctx, client, job) })
	reads.Wait()
}

// isQueueMissing reports whether a job waits in a KAI queue that does not exist: KAI itself does not say so. Most
// users are not allowed to know.
func isQueueMissing(ctx context.Context, client *kube.Client, s state.Job) bool {
	queue := s.KAIQueue()
	if queue == "" {
		return false
	}
	_, err := client.Get(ctx, kube.Queues, "", queue)
	return kube.IsMissing(err)
}

// workloadOf returns what Kueue says about a job that waits in one of its queues, or that Kueue does not know it.
func workloadOf(ctx context.Context, client *kube.Client, s state.Job) (workload *state.Workload, isMissing bool) {
	queue, namespace := s.KueueQueue(), s.MPIJob.Namespace
	if queue == "" {
		return nil, false
	}
	var pending state.PendingWorkloads
	var reads sync.WaitGroup
	reads.Go(func() {
		if answer := client.PendingWorkloads(ctx, namespace, queue); answer != nil {
			_ = kube.Decode(answer, &pending) // without a position if it cannot be read
		}
	})
	answer, err := client.Workload(ctx, namespace, s.MPIJob.UID)
	reads.Wait()
	if err != nil || answer == nil {
		return nil, err == nil
	}
	workload = &state.Workload{}
	if kube.Decode(answer, workload) != nil {
		return nil, false
	}
	workload.FindPlace(pending)
	return workload, false
}

const (
	logLines = 10
	logBytes = 64 << 10 // lines can be long
)

// endOfLog returns the last lines of a launcher that failed, "" if there are none.
func endOfLog(ctx context.Context, client *kube.Client, s state.Job) string {
	launcher := s.FailedLauncher()
	if launcher == nil {
		return ""
	}
	tail := int64(logLines)
	stream, err := client.Logs(ctx, launcher.Namespace, launcher.Name, kube.LogOptions{Container: launcher.Spec.Containers[0].Name, Tail: &tail})
	if err != nil {
		return ""
	}
	defer stream.Close()
	text, _ := io.ReadAll(io.LimitReader(stream, logBytes)) // what was read is better than nothing
	return string(text)
}
