package kube

import (
	"context"
	"slices"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ownProjects returns the projects that the user is allowed to read by name, or the error if there are none. RBAC
// cannot let a user list only some objects, but every user may ask the API server for their own permissions.
func (c *Client) ownProjects(ctx context.Context, forbidden error) ([]*unstructured.Unstructured, error) {
	var own []*unstructured.Unstructured
	for _, name := range c.readableProjects(ctx) {
		object, err := c.Get(ctx, projects, "", name)
		if IsMissing(err) || IsForbidden(err) {
			continue // a permission may be older than its project, or another authorizer may deny it
		}
		if err != nil {
			return nil, err
		}
		own = append(own, object)
	}
	if len(own) == 0 {
		return nil, forbidden
	}
	return own, nil
}

// readableProjects returns the names of projects in the user's permissions.
func (c *Client) readableProjects(ctx context.Context) []string {
	question := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": authorizationv1.SchemeGroupVersion.String(), "kind": "SelfSubjectRulesReview",
		"spec": map[string]any{"namespace": c.Namespace}, // any namespace: Projects have none
	}}
	resource := authorizationv1.SchemeGroupVersion.WithResource("selfsubjectrulesreviews")
	answer, err := c.dynamic.Resource(resource).Create(ctx, question, metav1.CreateOptions{})
	var review authorizationv1.SelfSubjectRulesReview
	if err != nil || Decode(answer, &review) != nil {
		return nil
	}
	var names []string
	for _, rule := range review.Status.ResourceRules {
		if covers(rule.Verbs, "get") && covers(rule.APIGroups, projects.Group) && covers(rule.Resources, projects.Resource) {
			names = append(names, rule.ResourceNames...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// covers reports whether a list of a permission has a value.
func covers(list []string, value string) bool {
	return slices.Contains(list, value) || slices.Contains(list, "*")
}
