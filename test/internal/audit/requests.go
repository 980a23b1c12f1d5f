// Package audit compares the permissions in a role with what its user asked for, by the audit log of the API server.
package audit

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Policy is an audit policy that records who asked for what, without contents.
const Policy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
`

// A Request is what RBAC knows of a request for a resource, apart from its namespace.
type Request struct {
	Verb     string
	Group    string
	Resource string // with its subresource, such as pods/log
	Name     string // of the object, also if a field selector names it; "" for all objects
}

// String returns, for example, "list pods" or "create mpijobs.kubeflow.org".
func (r Request) String() string {
	if r.Group == "" {
		return r.Verb + " " + r.Resource
	}
	return r.Verb + " " + r.Resource + "." + r.Group
}

// An event is a line of the audit log.
type event struct {
	Verb             string
	User             struct{ Username string }
	ImpersonatedUser struct{ Username string }
	ObjectRef        *struct{ APIGroup, Resource, Subresource, Name string }
}

// RequestsOf returns each request for a resource that a user sent, once. It does not matter whether the request was
// allowed. The user may be impersonated.
func RequestsOf(auditLog, user string) ([]Request, error) {
	text, err := os.ReadFile(auditLog)
	if err != nil {
		return nil, fmt.Errorf("cannot read the audit log: %w", err)
	}
	var all []Request
	seen := map[Request]bool{}
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") {
			break // it is being written
		}
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return nil, fmt.Errorf("cannot read the audit log: %w", err)
		}
		if request := e.request(); e.sender() == user && e.ObjectRef != nil && !seen[request] {
			seen[request] = true
			all = append(all, request)
		}
	}
	return all, nil
}

func (e event) sender() string {
	if e.ImpersonatedUser.Username != "" {
		return e.ImpersonatedUser.Username
	}
	return e.User.Username
}

// request returns the zero value for what is not a resource, such as /version.
func (e event) request() Request {
	if e.ObjectRef == nil {
		return Request{}
	}
	resource := e.ObjectRef.Resource
	if e.ObjectRef.Subresource != "" {
		resource += "/" + e.ObjectRef.Subresource
	}
	return Request{e.Verb, e.ObjectRef.APIGroup, resource, e.ObjectRef.Name}
}

// OnOlderServers adds the requests that a watching client sends to API servers before Kubernetes 1.34, which may not
// begin a watch with the stored objects: a list for each watch.
func OnOlderServers(requests []Request) []Request {
	all := slices.Clone(requests)
	for _, request := range requests {
		if request.Verb == "watch" {
			request.Verb = "list"
			all = append(all, request)
		}
	}
	return all
}
