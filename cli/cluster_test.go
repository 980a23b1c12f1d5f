package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// A cluster stands in for an API server that has jobs, their pods and their logs, in one namespace.
type cluster struct {
	mutex   sync.Mutex
	changed chan struct{} // is closed by the next change
	events  []event       // all changes; the version of an object is its place here, from 1
	logs    map[string]http.HandlerFunc

	kubeconfig string
	server     *httptest.Server
}

type event struct {
	kind     string // ADDED, MODIFIED, DELETED
	resource string
	object   metav1.Object
}

const namespace = "runai-team-a"

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{changed: make(chan struct{}), logs: map[string]http.HandlerFunc{}}
	c.server = httptest.NewServer(c)
	t.Cleanup(c.server.Close)
	t.Cleanup(c.server.CloseClientConnections)
	c.kubeconfig = kubeconfigOf(t, c.server.URL)
	return c
}

// job adds a job, or changes it.
func (c *cluster) job(name string, change func(*v2beta1.MPIJob)) {
	job, _ := c.get("mpijobs", name).(*v2beta1.MPIJob)
	if job == nil {
		job = mpijobtest.MakeMPIJob(name, namespace).Obj()
		job.UID = types.UID(name)
		job.CreationTimestamp = metav1.Now()
	}
	job = job.DeepCopy()
	if change != nil {
		change(job)
	}
	c.put("mpijobs", job)
}

// condition sets a condition of a job.
func condition(kind v2beta1.JobConditionType, message string) func(*v2beta1.MPIJob) {
	return func(job *v2beta1.MPIJob) {
		job.Status.Conditions = append(job.Status.Conditions,
			v2beta1.JobCondition{Type: kind, Status: corev1.ConditionTrue, Message: message})
	}
}

// pod adds a pod of a job, or changes it.
func (c *cluster) pod(job, name string, state corev1.ContainerState) {
	role, index := "worker", name[strings.LastIndex(name, "-")+1:]
	if strings.Contains(name, "launcher") {
		role, index = "launcher", ""
	}
	phase := corev1.PodPending
	switch {
	case state.Terminated != nil && state.Terminated.ExitCode == 0:
		phase = corev1.PodSucceeded
	case state.Terminated != nil:
		phase = corev1.PodFailed
	case state.Running != nil:
		phase = corev1.PodRunning
	}
	created := metav1.Now()
	if before := c.get("pods", name); before != nil {
		created = before.GetCreationTimestamp()
	}
	c.put("pods", &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, UID: types.UID(name), CreationTimestamp: created, Labels: map[string]string{
			v2beta1.JobNameLabel: job, v2beta1.JobRoleLabel: role, v2beta1.ReplicaIndexLabel: index,
		}},
		Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "mpi"}}},
		Status: corev1.PodStatus{Phase: phase, ContainerStatuses: []corev1.ContainerStatus{
			{Name: "mpi", State: state},
		}},
	})
}

var (
	waits = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}
	runs  = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
)

func exited(code int32) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: "Error"}}
}

func (c *cluster) put(resource string, object metav1.Object) {
	kind := "MODIFIED"
	if c.get(resource, object.GetName()) == nil {
		kind = "ADDED"
	}
	c.add(event{kind, resource, object})
}

func (c *cluster) remove(resource, name string) {
	c.add(event{"DELETED", resource, c.get(resource, name)})
}

func (c *cluster) add(e event) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.events = append(c.events, e)
	e.object.SetResourceVersion(fmt.Sprint(len(c.events)))
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *cluster) get(resource, name string) metav1.Object {
	for _, object := range c.all(resource) {
		if object.GetName() == name {
			return object
		}
	}
	return nil
}

func (c *cluster) all(resource string) []metav1.Object {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var all []metav1.Object
	for _, e := range c.events {
		if e.resource != resource {
			continue
		}
		all = slices.DeleteFunc(all, func(other metav1.Object) bool { return other.GetName() == e.object.GetName() })
		if e.kind != "DELETED" {
			all = append(all, e.object)
		}
	}
	return all
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	i := slices.Index(path, "namespaces")
	if i < 0 || len(path) < i+3 {
		refuse(w, http.StatusForbidden, "Forbidden")
		return
	}
	resource, rest := path[i+2], path[i+3:]
	query := r.URL.Query()
	switch {
	case len(rest) > 0 && c.get(resource, rest[0]) == nil:
		refuse(w, http.StatusNotFound, "NotFound")
	case len(rest) == 2: // the log of a pod
		c.mutex.Lock()
		log := c.logs[rest[0]]
		c.mutex.Unlock()
		log(w, r)
	case len(rest) == 1 && r.Method == http.MethodPatch:
		c.patch(w, r, rest[0])
	case len(rest) == 1:
		answer(w, c.get(resource, rest[0]))
	case query.Get("sendInitialEvents") != "":
		refuse(w, http.StatusUnprocessableEntity, "Invalid")
	case query.Get("watch") != "":
		c.watch(w, r, resource)
	default:
		c.mutex.Lock()
		version := fmt.Sprint(len(c.events))
		c.mutex.Unlock()
		kind := map[string]string{"pods": "PodList"}[resource] // pods are read by their Go type
		answer(w, map[string]any{
			"apiVersion": "v1", "kind": cmp.Or(kind, "List"), "metadata": map[string]any{"resourceVersion": version}, "items": c.all(resource),
		})
	}
}

func (c *cluster) patch(w http.ResponseWriter, r *http.Request, name string) {
	var patch, patched bytes.Buffer
	_, _ = patch.ReadFrom(r.Body)
	_ = json.NewEncoder(&patched).Encode(c.get("mpijobs", name))
	text, err := jsonpatch.MergePatch(patched.Bytes(), patch.Bytes())
	if err != nil {
		refuse(w, http.StatusBadRequest, "BadRequest")
		return
	}
	job := &v2beta1.MPIJob{}
	_ = json.Unmarshal(text, job)
	c.put("mpijobs", job)
	answer(w, job)
}

func (c *cluster) watch(w http.ResponseWriter, r *http.Request, resource string) {
	w.Header().Set("Content-Type", "application/json")
	var seen int
	_, _ = fmt.Sscan(r.URL.Query().Get("resourceVersion"), &seen)
	for {
		c.mutex.Lock()
		changed, events := c.changed, c.events[seen:]
		c.mutex.Unlock()
		for _, e := range events {
			if e.resource == resource {
				_ = json.NewEncoder(w).Encode(map[string]any{"type": e.kind, "object": e.object})
			}
		}
		seen += len(events)
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-changed:
		}
	}
}

func answer(w http.ResponseWriter, object any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(object)
}

func refuse(w http.ResponseWriter, code int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"reason":%q,"message":%q,"details":{"name":"x"}}`, code, reason, reason)
}

// A process is a command that runs in the background.
type process struct {
	stdout, stderr *syncBuffer
	cancel         context.CancelFunc
	code           chan int
}

type syncBuffer struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (b *syncBuffer) Write(text []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.Write(text)
}

func (b *syncBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.String()
}

// start runs a command in the background.
func (c *cluster) start(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := &process{stdout: &syncBuffer{}, stderr: &syncBuffer{}, cancel: cancel, code: make(chan int, 1)}
	go func() {
		cmd.code <- run(ctx, append([]string{"--kubeconfig=" + c.kubeconfig}, args...), strings.NewReader(""), cmd.stdout, cmd.stderr)
	}()
	t.Cleanup(cancel)
	return cmd
}

// says waits until a stream has a text.
func says(t *testing.T, stream *syncBuffer, text string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !strings.Contains(stream.String(), text) {
		if time.Now().After(deadline) {
			t.Fatalf("after a minute it does not say %q but %q", text, stream.String())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// ends waits for the end of the command, and checks it.
func (cmd *process) ends(t *testing.T, code int, stdout, stderr string) {
	t.Helper()
	select {
	case got := <-cmd.code:
		if got != code || cmd.stdout.String() != stdout || !strings.HasSuffix(cmd.stderr.String(), stderr) {
			t.Errorf("exit code %d, got %q and %q; want %d, %q and %q", got, cmd.stdout.String(), cmd.stderr.String(), code, stdout, stderr)
		}
	case <-time.After(time.Minute):
		t.Errorf("it has not ended after a minute: %q, %q", cmd.stdout.String(), cmd.stderr.String())
	}
}
