package jobs

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// A diagnosis is one sentence: why a job is not running, and what to do. "" where there is none.
type diagnosis func(state, []corev1.Event) string

// diagnoses are asked in this order, the more certain before the more general.
var diagnoses = []diagnosis{
	failedJob, suspendedJob, gatedPod, refusedPods, refusedImage, refusedContainer, missingVolume, unschedulablePod, crashedPod, noPods,
}

// whyNotRunning returns a sentence for a job that neither runs nor has succeeded, "" for others.
func whyNotRunning(s state, events []corev1.Event) string {
	if status := s.status(); status == "Running" || status == "Succeeded" || status == "Terminating" {
		return ""
	}
	for _, diagnose := range diagnoses {
		if sentence := diagnose(s, events); sentence != "" {
			return sentence
		}
	}
	return ""
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}
