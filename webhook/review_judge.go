package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/review"
	"github.com/runai-mpi/runai-mpi/webhook/server"
)

// judge finds out what would happen to stored jobs if they were submitted again.
type judge struct {
	reviewer review.Reviewer
	known    known
	// keepsGroupsPolicy is set unless the cluster's CRD drops supplementalGroupsPolicy.
	keepsGroupsPolicy bool
	// asProject is the project of the namespaces without the label, "" for those that their names say.
	asProject string
	// chosen is set if namespaces without the label are judged, because the administrator names them.
	chosen   bool
	only     []string // the namespaces that are reviewed, empty for all
	selector labels.Selector
	now      time.Time

	report report
}

// job judges a stored job, as JSON.
func (j *judge) job(raw []byte) error {
	var stored storedJob
	if err := json.Unmarshal(raw, &stored); err != nil {
		return errors.New("cannot read a job: its metadata or status is not valid")
	}
	if !j.isReviewed(stored.Metadata.Namespace) || !j.selector.Matches(labels.Set(stored.Metadata.Labels)) {
		return nil
	}
	namespace := j.namespace(stored.Metadata.Namespace)
	if namespace == nil {
		j.report.Summary.Elsewhere++
		return nil
	}
	found := jobReport{Namespace: stored.Metadata.Namespace, Name: cmp.Or(stored.Metadata.Name, stored.Metadata.GenerateName), Running: stored.runs()}
	if version := stored.otherVersion(); version != "" {
		found.refuse([]string{"MPIJobs of " + version + " are not allowed in projects: use apiVersion " + v2beta1.SchemeGroupVersion.String()})
	} else if err := j.again(raw, *namespace, &found); err != nil {
		return err
	}
	j.report.add(found)
	return nil
}

// again judges the creation of a job like this one.
func (j *judge) again(raw []byte, namespace namespaceReport, found *jobReport) error {
	raw, err := asManifest(raw)
	if err != nil {
		return err
	}
	job, err := server.DecodeNew(raw)
	if err != nil {
		found.refuse(server.Causes(err))
		return nil
	}
	job.Namespace = namespace.Name
	labels := j.known.namespaces[namespace.Name]
	facts := review.NamespaceFacts{Project: review.ProjectIn(j.projectOf(namespace), labels), PodSecurity: review.PodSecurityOf(labels)}
	request, anonymous := j.reviewer.Again(job, facts, j.known.identities, j.now)
	request.DropsGroupsPolicy = !j.keepsGroupsPolicy
	preview := j.reviewer.Preview(job, request)
	switch {
	case len(preview.Refusals) > 0:
		found.refuse(server.Causes(server.Invalid(found.Name, preview.Refusals)))
	case preview.Again:
		found.change("changed again: another cluster policy, project or version was applied to it")
	case len(preview.Policies) > 0:
		found.change("changed by " + strings.Join(preview.Policies, ", "))
	default:
		found.Result = resultUnchanged
	}
	if anonymous {
		found.IdentityUnknown = true
		for i, why := range found.Why {
			found.Why[i] = strings.ReplaceAll(why, strconv.Itoa(review.AnonymousID), "the submitter's id")
		}
		found.Why = append(found.Why, "its submitter is not recorded, so it is not known whether they have a uid and gid")
	}
	return nil
}

// namespace returns the report on the namespace of a job, or nil if it belongs to no project.
func (j *judge) namespace(name string) *namespaceReport {
	if known := j.report.namespace(name); known != nil {
		return known
	}
	key := j.reviewer.Cluster.ProjectLabel
	project, labelled := j.known.namespaces[name][key]
	found := namespaceReport{Name: name, Project: project}
	switch byName, named := strings.CutPrefix(name, "runai-"); {
	case labelled && project == "":
		found.NoProject = true
		found.Remarks = append(found.Remarks, "the label "+key+" is empty, so every new job would be refused")
	case labelled:
	case j.chosen && j.asProject != "":
		found.Project = j.asProject
		found.Remarks = append(found.Remarks, "has no label "+key+": project taken from --as-project")
	case j.chosen && named:
		found.Project = byName
		found.Remarks = append(found.Remarks, "has no label "+key+": project taken from its name")
	default:
		return nil
	}
	if _, exists := j.known.projects[found.Project]; !exists && !found.NoProject {
		found.NoProject = true
		found.Remarks = append(found.Remarks, "Project "+found.Project+" does not exist, so every new job would be refused; judged without restrictions")
	}
	if warnOnly := review.WarnOnlyOf(j.projectOf(found), name, j.known.namespaces[name]); warnOnly.Problem() != "" {
		found.Remarks = append(found.Remarks, warnOnly.Problem())
	} else if warnOnly.Holds(j.now) {
		found.Remarks = append(found.Remarks, "warn-only until "+warnOnly.Until)
	}
	return j.report.addNamespace(found)
}

// mustHaveProject returns an error for a namespace that is chosen, but belongs to no project.
func (j *judge) mustHaveProject(namespace string) error {
	if j.namespace(namespace) != nil {
		return nil
	}
	return fmt.Errorf("namespace %s has no label %s and is not called runai-PROJECT: use --as-project", namespace, j.reviewer.Cluster.ProjectLabel)
}

// reportNamespaces reports on all namespaces that are reviewed, also those without jobs.
func (j *judge) reportNamespaces() {
	for name := range j.known.namespaces {
		if j.isReviewed(name) {
			j.namespace(name)
		}
	}
}

// isReviewed reports whether the administrator asks for a namespace.
func (j *judge) isReviewed(namespace string) bool {
	return len(j.only) == 0 || slices.Contains(j.only, namespace)
}

// projectOf returns the project of a namespace, or one without restrictions if it does not exist.
func (j *judge) projectOf(namespace namespaceReport) *v1alpha1.Project {
	if project := j.known.projects[namespace.Project]; project != nil {
		return project
	}
	return &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: namespace.Project}}
}
