package doctor

import (
	"fmt"
	"maps"
	"slices"
)

func jobChecks() []check {
	return []check{
		{
			name:   "job-without-identity",
			about:  "an MPIJob without an identity that has not finished, in a namespace that requires identities",
			remedy: "delete the job and submit it again",
			needs:  []Source{Jobs, Namespaces, Projects, Deployments}, find: func(s *Snapshot) []Finding {
				return s.anonymous("MPIJobs", "mpijob", s.AnonymousJobs)
			},
		},
		{
			name:   "pod-without-identity",
			about:  "a pod without a UID that has not finished, in a namespace that requires identities",
			remedy: "delete the pod",
			needs:  []Source{Pods, Namespaces, Projects, Deployments}, find: func(s *Snapshot) []Finding {
				return s.anonymous("pods", "pod", s.AnonymousPods)
			},
		},
	}
}

// anonymous returns a finding for each namespace that requires identities and has objects without one.
func (s *Snapshot) anonymous(plural, kind string, objects map[string][]string) []Finding {
	var findings []Finding
	required := s.required()
	for _, namespace := range slices.Sorted(maps.Keys(objects)) {
		names := objects[namespace]
		if !required[namespace] {
			continue
		}
		findings = append(findings, Finding{
			Subject: fmt.Sprintf("%s %s in namespace %s", plural, enumerate(few(names)), namespace),
			Means:   "they run as whoever their image or author says, because they are older than the rules or got past them",
			Fix:     fmt.Sprintf("kubectl delete %s -n %s %s", kind, namespace, names[0]),
		})
	}
	return findings
}
