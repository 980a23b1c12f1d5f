package state

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"
)

// happened is an event that occurred once or more, perhaps for several pods.
type happened struct {
	corev1.Event
	times       int
	first, last metav1.Time
	others      map[string]bool // the other objects
	at          int             // the place of the last in the order of time
}

// eventRows returns the events as rows. Events that say the same share a row: each of a hundred pods may say why the
// job does not start.
func (s Job) eventRows(events []corev1.Event, now time.Time) [][]string {
	rows := [][]string{{"SOURCE", "TYPE", "AGE", "MESSAGE"}}
	for _, e := range s.merged(events) {
		source := strings.ToLower(e.InvolvedObject.Kind) + "/" + e.InvolvedObject.Name
		if n := len(e.others); n > 0 {
			source += fmt.Sprintf(" and %d more", n)
		}
		when := age(e.last, now)
		if e.times > 1 {
			when += fmt.Sprintf(" (x%d over %s)", e.times, duration.HumanDuration(now.Sub(e.first.Time)))
		}
		rows = append(rows, []string{source, e.Type, when, fmt.Sprintf("[%s] %s", e.Reason, e.Message)})
	}
	return rows
}

// merged returns equal events as one, at the place of the last of them.
func (s Job) merged(events []corev1.Event) []*happened {
	pods := regexp.MustCompile(`\b` + podPattern(s.MPIJob.Name) + `\b`)
	known := map[string]*happened{}
	for i, event := range events {
		kind := event.InvolvedObject.Kind
		key := strings.Join([]string{kind, event.Type, event.Reason, pods.ReplaceAllLiteralString(event.Message, "\x00")}, "\x00")
		found := known[key]
		if found == nil {
			found = &happened{Event: event, first: firstTime(event), others: map[string]bool{}}
			known[key] = found
		}
		found.at, found.last = i, *eventTime(event)
		found.times += timesOf(event)
		if first := firstTime(event); first.Before(&found.first) {
			found.first = first
		}
		if event.InvolvedObject.Name != found.InvolvedObject.Name {
			found.others[event.InvolvedObject.Name] = true
		}
	}
	return slices.SortedFunc(maps.Values(known), func(a, b *happened) int { return a.at - b.at })
}

func timesOf(event corev1.Event) int {
	if event.Series != nil {
		return max(int(event.Series.Count), 1)
	}
	return max(int(event.Count), 1)
}

func firstTime(event corev1.Event) metav1.Time {
	switch {
	case !event.FirstTimestamp.IsZero():
		return event.FirstTimestamp
	case !event.EventTime.IsZero():
		return metav1.Time{Time: event.EventTime.Time}
	case !event.CreationTimestamp.IsZero():
		return event.CreationTimestamp
	}
	return *eventTime(event)
}
