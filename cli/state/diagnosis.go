package state

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// A diagnosis returns what keeps a job from running, the evidence and the next command, as a sentence that
// follows the status. It returns "" if it does not apply.
type diagnosis func(Job, []corev1.Event) string

// diagnoses are tried in this order, the certain ones before the general ones.
var diagnoses = []diagnosis{
	failedJob, suspendedJob, gatedPod, refusedPods, refusedImage, refusedContainer, missingVolume,
	ungroupedPods, evictedGang, unplacedGang, missingQueue, unschedulablePod, crashedPod, incompleteGang, starting,
}

// Diagnose returns why a job is not running, or "" if it runs, has succeeded or is being deleted.
func (s Job) Diagnose(events []corev1.Event) string {
	status := s.Status()
	if status == "Running" || status == "Succeeded" || s.MPIJob.DeletionTimestamp != nil {
		return ""
	}
	for _, diagnosis := range diagnoses {
		if sentence := diagnosis(s, events); sentence != "" {
			return terminal.Line(status + ": " + strings.Join(strings.Fields(sentence), " "))
		}
	}
	return ""
}

// command returns a command on the job that finds it again, in quotes: 'runai logs dist1 -p team-a'.
func (s Job) command(verb string, flags ...string) string {
	return fmt.Sprintf("'runai %s %s%s'", verb, strings.Join(append([]string{s.MPIJob.Name}, flags...), " "), s.Flags)
}

// lastLine returns the last line of a message, without a full stop or colon.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimRight(text[strings.LastIndex(text, "\n")+1:], ".: ")
}
