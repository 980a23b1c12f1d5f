package server

import (
	"context"
	"sync"
)

// mostLabels is how many projects or namespaces a metric of a replica names: each has some series.
const mostLabels = 100

// others is the label of all that are not named. No project or namespace can have this name.
const others = "(other)"

var namedProjects = firstLabels{named: map[string]bool{}, most: mostLabels}

// firstLabels are the names that were counted first.
type firstLabels struct {
	mutex sync.Mutex
	named map[string]bool
	most  int
}

func (f *firstLabels) label(name string) string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if !f.named[name] && len(f.named) >= f.most {
		return others
	}
	f.named[name] = true
	return name
}

// projectOf returns the project of a namespace, or "" if the cluster has none.
func (l Lookups) projectOf(ctx context.Context, namespace string) string {
	facts, err := l.Namespaces.FactsOf(ctx, namespace)
	if err != nil {
		return ""
	}
	return facts.Project.Name
}
