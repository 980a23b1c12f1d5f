package operatortests

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// AuditPolicy records what TimesOf reads: when jobs are requested and end, and which containers the kubelet starts. The
// times in a pod's status are whole seconds, and the kubelet learns of a running container a second late.
const AuditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  verbs: [create]
  resources: [{group: kubeflow.org, resources: [mpijobs]}]
- level: Request
  userGroups: [system:nodes]
  verbs: [create]
  resources: [{group: "", resources: [events]}]
- level: Request
  verbs: [update]
  resources: [{group: kubeflow.org, resources: [mpijobs/status]}]
`

// Times says when things happened to a job, counted from the first request for it.
type Times struct {
	// Start is when the main containers of the launcher and of the workers had all started for the first time, 0 if
	// the launcher's never did.
	Start time.Duration
	// End is when the job had succeeded or failed, 0 if it never did.
	End time.Duration
	// Containers are the containers that started, in order.
	Containers []Container
	// Requests is how often the job was requested: a refused request may be repeated.
	Requests int
}

// A Container is a container that started.
type Container struct {
	Pod, Name string
	Init      bool
	After     time.Duration
}

// String returns, for example, "pi-launcher-x7k2p/launcher 2.1s".
func (c Container) String() string {
	return fmt.Sprintf("%s/%s %.1fs", c.Pod, c.Name, c.After.Seconds())
}

// TimesOf returns the times of the job that a user requested. A user requests only one job.
func TimesOf(auditLog, user string) (Times, error) {
	data, err := os.ReadFile(auditLog)
	if err != nil {
		return Times{}, fmt.Errorf("cannot read the audit log: %w", err)
	}
	return timesOf(string(data), user)
}

// An auditEvent is a line of the audit log.
type auditEvent struct {
	User          struct{ Username string }
	ObjectRef     struct{ Resource, Namespace string }
	RequestObject struct {
		Reason         string
		InvolvedObject struct{ Name, FieldPath string }
		Status         struct{ CompletionTime *time.Time }
	}
	RequestReceivedTimestamp time.Time
}

func timesOf(auditLog, user string) (Times, error) {
	var times Times
	var requested auditEvent
	for line := range strings.Lines(auditLog) {
		var event auditEvent
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			return Times{}, fmt.Errorf("cannot read the audit log: %w", err)
		}
		switch {
		case event.ObjectRef.Resource == "mpijobs" && event.User.Username == user:
			if times.Requests == 0 {
				requested = event
			}
			times.Requests++
		case times.Requests > 0 && event.ObjectRef.Namespace == requested.ObjectRef.Namespace:
			times.add(event, event.RequestReceivedTimestamp.Sub(requested.RequestReceivedTimestamp))
		}
	}
	if times.Requests == 0 {
		return Times{}, errors.New("the test requested no job")
	}
	times.Start = times.start()
	return times, nil
}

// add adds what an event says about the job.
func (t *Times) add(event auditEvent, after time.Duration) {
	request := event.RequestObject
	if t.End == 0 && request.Status.CompletionTime != nil {
		t.End = after
	}
	// The field is, for example, spec.initContainers{gate}.
	list, name, found := strings.Cut(strings.TrimSuffix(request.InvolvedObject.FieldPath, "}"), "{")
	if found && request.Reason == "Started" {
		t.Containers = append(t.Containers, Container{request.InvolvedObject.Name, name, list != "spec.containers", after})
	}
}

// start returns when the first launcher and all workers had started.
func (t *Times) start() (start time.Duration) {
	launched := false
	for _, c := range t.Containers {
		launcher := strings.Contains(c.Pod, "-launcher")
		if c.Init || launcher && launched {
			continue
		}
		launched = launched || launcher
		start = c.After
	}
	if !launched {
		return 0
	}
	return start
}
