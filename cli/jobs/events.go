package jobs

import (
	"regexp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// eventsOf returns the events of the job, of its launcher's Job and of its pods, including deleted ones, in
// the order of time.
func (s state) eventsOf(all []corev1.Event) []corev1.Event {
	name := regexp.QuoteMeta(s.job.Name)
	ours := map[string]*regexp.Regexp{
		"MPIJob": regexp.MustCompile("^" + name + "$"),
		"Job":    regexp.MustCompile("^" + name + "-launcher$"),
		"Pod":    regexp.MustCompile("^" + name + "-(worker-[0-9]+|launcher(-[a-z0-9]+)?)$"),
	}
	var found []corev1.Event
	for _, event := range all {
		pattern := ours[event.InvolvedObject.Kind]
		created := s.job.CreationTimestamp
		if pattern != nil && pattern.MatchString(event.InvolvedObject.Name) && !eventTime(event).Before(&created) {
			found = append(found, event)
		}
	}
	slices.SortStableFunc(found, func(a, b corev1.Event) int {
		return eventTime(a).Compare(eventTime(b).Time)
	})
	return found
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
