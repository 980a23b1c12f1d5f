package state

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/kai"
)

// EventsOf returns the events of the job, of its launcher's Job, of its pods, including deleted ones, and of its
// PodGroup, in the order of time.
func (s Job) EventsOf(all []corev1.Event) []corev1.Event {
	name := regexp.QuoteMeta(s.MPIJob.Name)
	podGroups := []string{regexp.QuoteMeta(kai.PodGroupName(s.MPIJob))}
	for _, pod := range s.Pods {
		if group := regexp.QuoteMeta(pod.Annotations[kai.PodGroupAnnotation]); group != "" && !slices.Contains(podGroups, group) {
			podGroups = append(podGroups, group)
		}
	}
	ours := map[string]*regexp.Regexp{
		"PodGroup": regexp.MustCompile("^(" + strings.Join(podGroups, "|") + ")$"),
		"MPIJob":   regexp.MustCompile("^" + name + "$"),
		"Job":      regexp.MustCompile("^" + name + "-launcher$"),
		"Pod":      regexp.MustCompile("^" + podPattern(s.MPIJob.Name) + "$"),
	}
	var found []corev1.Event
	for _, event := range all {
		pattern := ours[event.InvolvedObject.Kind]
		created := s.MPIJob.CreationTimestamp
		if pattern != nil && pattern.MatchString(event.InvolvedObject.Name) && !eventTime(event).Before(&created) {
			found = append(found, event)
		}
	}
	slices.SortStableFunc(found, func(a, b corev1.Event) int {
		return cmp.Or(eventTime(a).Compare(eventTime(b).Time), strings.Compare(a.Name, b.Name))
	})
	return found
}

// podPattern returns a pattern of the names of a job's pods.
func podPattern(job string) string {
	return regexp.QuoteMeta(job) + "-(?:worker-[0-9]+|launcher(?:-[a-z0-9]+)?)"
}

// eventTime returns when the event last happened. Old and new recorders set different fields.
func eventTime(event corev1.Event) *metav1.Time {
	switch {
	case event.Series != nil:
		return &metav1.Time{Time: event.Series.LastObservedTime.Time}
	case !event.LastTimestamp.IsZero():
		return &event.LastTimestamp
	case !event.EventTime.IsZero():
		return &metav1.Time{Time: event.EventTime.Time}
	}
	return &event.CreationTimestamp
}
