package server

import (
	"context"
	"sync"
)

// mostProjects is how many projects the metrics of a replica name: each has some series.
const mostProjects = 100

// otherProjects is the label of all projects that are not named. No project can have this name.
const otherProjects = "(other)"

var namedProjects = projectLabels{named: map[string]bool{}, most: mostProjects}

// projectLabels are the first projects that were counted.
type projectLabels struct {
	mutex sync.Mutex
	named map[string]bool
	most  int
}

func (p *projectLabels) label(project string) string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !p.named[project] && len(p.named) >= p.most {
		return otherProjects
	}
	p.named[project] = true
	return project
}

// projectOf returns the project of a namespace, or "" if the cluster has none.
func (l Lookups) projectOf(ctx context.Context, namespace string) string {
	facts, err := l.Namespaces.FactsOf(ctx, namespace)
	if err != nil {
		return ""
	}
	return facts.Project.Name
}
