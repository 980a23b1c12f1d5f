package doctor

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// A gap is what nobody judges in some namespaces.
type gap struct {
	// requests and namespaces are lists for people.
	requests, namespaces string
	all                  bool // of the requests
}

// gapsOf returns the requests that are not judged in namespaces: one gap for all namespaces with the same.
func gapsOf(requests []request, namespaces []*corev1.Namespace, judged func(request, *corev1.Namespace) bool) []gap {
	byRequests := map[string][]string{}
	counts := map[string]int{}
	for _, namespace := range namespaces {
		var missing []string
		for _, r := range requests {
			if !judged(r, namespace) {
				missing = append(missing, r.String())
			}
		}
		if len(missing) > 0 {
			text := enumerate(missing)
			byRequests[text], counts[text] = append(byRequests[text], namespace.Name), len(missing)
		}
	}
	var gaps []gap
	for _, text := range slices.SortedFunc(maps.Keys(byRequests), strings.Compare) {
		gaps = append(gaps, gap{text, enumerate(few(byRequests[text])), counts[text] == len(requests)})
	}
	return gaps
}
