package doctor

import (
	"fmt"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

func namespaceChecks() []check {
	return []check{
		{
			name:   "unknown-project",
			about:  "a namespace with the project label whose Project does not exist: no job can be created there",
			remedy: "create the Project, or remove the label",
			needs:  []Source{Namespaces, Projects, MutatingWebhooks, ValidatingWebhooks, Deployments},
			find:   unknownProjects,
		},
		{
			name:   "namespace-identity-label",
			about:  "a namespace whose label run.ai/identity is missing or is not what its Project says, so that the backstop does not guard it",
			remedy: "give the namespace the label with the value of the Project",
			needs:  []Source{Namespaces, Projects},
			find:   identityLabels,
		},
		{
			name:   "warn-only",
			about:  "a namespace whose project requires identities, but which is still warn-only, or whose date is not valid",
			remedy: "end it: give the namespace the label `run.ai/identity=Required`",
			needs:  []Source{Namespaces, Projects},
			find:   warnOnly,
		},
	}
}

func unknownProjects(s *Snapshot) []Finding {
	if !s.isInstalled() {
		return nil // captured-namespace looks for such namespaces
	}
	var findings []Finding
	for i := range s.Namespaces {
		namespace := &s.Namespaces[i]
		if name, project := s.project(namespace); name != "" && project == nil {
			findings = append(findings, Finding{
				Subject: "namespace " + namespace.Name,
				Means:   fmt.Sprintf("its label %s names the project %q, which does not exist, so no job can be created there", s.Policy.ProjectLabel, name),
				Fix:     fmt.Sprintf("kubectl label namespace %s %s- # or create the Project", namespace.Name, s.Policy.ProjectLabel),
			})
		}
	}
	return findings
}

func identityLabels(s *Snapshot) []Finding {
	var findings []Finding
	for i := range s.Namespaces {
		namespace := &s.Namespaces[i]
		_, project := s.project(namespace)
		if project == nil || review.WarnOnlyOf(project, namespace.Name, namespace.Labels).Holds(s.Now) {
			continue // a warn-only namespace requires nothing yet
		}
		mode := project.Spec.Identity
		if mode == "" {
			mode = v1alpha1.IdentityOptional
		}
		label, present := namespace.Labels[annotations.IdentityLabel]
		finding := Finding{
			Subject: "namespace " + namespace.Name,
			Fix:     fmt.Sprintf("kubectl label namespace %s --overwrite %s=%s", namespace.Name, annotations.IdentityLabel, mode),
		}
		switch {
		case label == string(mode):
			continue
		case mode == v1alpha1.IdentityRequired && !present:
			finding.Means = fmt.Sprintf("project %s requires identities, but the namespace has no label %s, so the backstop does not guard its pods",
				project.Name, annotations.IdentityLabel)
		case mode == v1alpha1.IdentityRequired:
			finding.Means = fmt.Sprintf("project %s requires identities, but the label %s is %q, so the backstop does not guard its pods",
				project.Name, annotations.IdentityLabel, label)
		case present:
			finding.Fix += " # or change the identity of the Project"
			finding.Means = fmt.Sprintf("the label %s is %q, but project %s has identity %s: the stricter one applies, and it is not clear which is meant",
				annotations.IdentityLabel, label, project.Name, mode)
		default:
			continue
		}
		findings = append(findings, finding)
	}
	return findings
}

func warnOnly(s *Snapshot) []Finding {
	var findings []Finding
	for i := range s.Namespaces {
		namespace := &s.Namespaces[i]
		_, project := s.project(namespace)
		if project == nil || project.Spec.Identity != v1alpha1.IdentityRequired {
			continue
		}
		until := review.WarnOnlyOf(project, namespace.Name, namespace.Labels)
		finding := Finding{
			Subject: "namespace " + namespace.Name,
			Fix:     fmt.Sprintf("kubectl label namespace %s --overwrite %s=%s", namespace.Name, annotations.IdentityLabel, v1alpha1.IdentityRequired),
		}
		switch {
		case until.Holds(s.Now):
			finding.Means = fmt.Sprintf("project %s requires identities, but jobs can run with any uid until the end of %s: see %s of %s",
				project.Name, until.Until, until.Field, until.Source)
		case until.Problem() != "":
			finding.Means = fmt.Sprintf("%s of %s is %q, which is not a date, so its jobs are judged in full", until.Field, until.Source, until.Until)
		default:
			continue
		}
		findings = append(findings, finding)
	}
	return findings
}
