package doctor

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// A gap is what nobody judges in some namespaces.
type gap struct {
	requests, namespaces string // for people
}

// gapsOf returns the requests that are not judged in namespaces: one gap for all namespaces with the same.
func gapsOf(requests []request, namespaces []*corev1.Namespace, judged func(request, *corev1.Namespace) bool) []gap {
	byRequests := map[string][]string{}
	for _, namespace := range namespaces {
		var missing []string
		for _, r := range requests {
			if !judged(r, namespace) {
				missing = append(missing, r.String())
			}
		}
		if len(missing) > 0 {
			text := enumerate(missing)
			byRequests[text] = append(byRequests[text], namespace.Name)
		}
	}
	var gaps []gap
	for _, text := range slices.SortedFunc(maps.Keys(byRequests), strings.Compare) {
		gaps = append(gaps, gap{text, enumerate(few(byRequests[text]))})
	}
	return gaps
}
