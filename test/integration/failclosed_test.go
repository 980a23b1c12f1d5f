package integration

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// Where no webhook acts, the error lists the flags that would have been ignored, and no job is left.
func TestWithoutWebhook(t *testing.T) {
	product.AddNamespace(t, "runai-nohook", nil)
	stdout, stderr, code := product.Runai(t, "submit-mpi", "dist1", "-p", "nohook", "-i", "x", "-g", "0.5", "--large-shm")
	want := "runai: job \"dist1\" was not submitted: namespace runai-nohook does not belong to a project, " +
		"so no webhook handles its jobs, and --gpu 0.5, --large-shm would be ignored; " +
		"ask your administrator to check the namespace's label runai/queue and the webhook\n"
	if stderr != want || stdout != "" || code != 1 {
		t.Errorf("exit code %d, stdout %q\ngot  %swant %s", code, stdout, stderr, want)
	}
	if left := product.Jobs(t, "runai-nohook"); len(left) > 0 {
		t.Errorf("%d jobs are left", len(left))
	}
}

// If runai is killed between the creation and its response, the pods of the job stay gated,
// although a node is free.
func TestKilledAfterCreation(t *testing.T) {
	product.AddNamespace(t, "killed", nil)
	addNode(t)
	created := make(chan struct{})
	kubeconfig := proxied(t, func(_ http.ResponseWriter, r *http.Request, forward http.Handler) {
		forward.ServeHTTP(httptest.NewRecorder(), r)
		if isCreation(r) {
			close(created)
		}
		<-r.Context().Done() // the response never arrives
	})
	cmd := exec.Command(product.Programs.Runai, "submit-mpi", "dist1", "-n", "killed", "-i", "x")
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-created
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	gated := podsOf(t, product.Job(t, "killed", "dist1"))
	free := freePod(t, "killed")
	for _, pod := range gated.all() {
		if err := product.Client.Get(t.Context(), client.ObjectKeyFromObject(&pod), &pod); err != nil {
			t.Fatal(err)
		}
		if pod.Spec.NodeName != "" || len(pod.Spec.SchedulingGates) != 1 {
			t.Errorf("%s is on node %q, gates %v, although %s, which came later, was scheduled",
				pod.Name, pod.Spec.NodeName, pod.Spec.SchedulingGates, free)
		}
	}
}

func addNode(t *testing.T) {
	t.Helper()
	resources := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("64"),
		corev1.ResourceMemory: resource.MustParse("64Gi"),
		corev1.ResourcePods:   resource.MustParse("500"),
	}
	if err := product.AddNode(t.Context(), "free-node", nil, resources); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "free-node"}}
		if err := product.Client.Delete(context.WithoutCancel(t.Context()), node); err != nil {
			t.Error(err)
		}
	})
}

// freePod creates a pod without a gate, and waits until it is scheduled.
func freePod(t *testing.T, namespace string) string {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "free", Namespace: namespace},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "x"}}},
	}
	product.Create(t, pod)
	suite.Eventually(t, "pod free is scheduled", suite.Soon, func() error {
		err := product.Client.Get(t.Context(), client.ObjectKeyFromObject(pod), pod)
		if err == nil && pod.Spec.NodeName == "" {
			err = fmt.Errorf("it is on no node: %v", pod.Status.Conditions)
		}
		return err
	})
	return pod.Name
}

// If only the response to the creation is lost, runai finds its own job and continues.
func TestLostResponse(t *testing.T) {
	namespace := product.AddProject(t, "lost", v1alpha1.ProjectSpec{})
	kubeconfig := proxied(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		if isCreation(r) {
			forward.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		forward.ServeHTTP(w, r)
	})
	stdout, stderr, code := product.RunaiAs(t, kubeconfig, "submit-mpi", "dist1", "-n", namespace, "-i", "x", "-o", "name",
		"--request-timeout=2s")
	if code != 0 || stdout != "mpijob.kubeflow.org/dist1\n" {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	if jobs := product.Jobs(t, namespace); len(jobs) != 1 {
		t.Errorf("%d jobs, want 1", len(jobs))
	}
}

// If the creation fails without a response and another job has the name, runai does not take
// that job for its own.
func TestLostResponseAndAnotherJob(t *testing.T) {
	namespace := product.AddProject(t, "another", v1alpha1.ProjectSpec{})
	if _, stderr, code := product.Runai(t, "submit-mpi", "dist1", "-n", namespace, "-i", "x"); code != 0 {
		t.Fatal(stderr)
	}
	kubeconfig := proxied(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		if isCreation(r) {
			panic(http.ErrAbortHandler)
		}
		forward.ServeHTTP(w, r)
	})
	_, stderr, code := product.RunaiAs(t, kubeconfig, "submit-mpi", "dist1", "-n", namespace, "-i", "x", "--request-timeout=2s")
	want := "runai: job \"dist1\" already exists in namespace runai-another: " +
		"use another name, or delete it with 'runai delete job dist1 -n runai-another'\n"
	if !strings.HasSuffix(stderr, "closed the connection\n"+want) || code != 1 {
		t.Errorf("exit code %d: got %s", code, stderr)
	}
}

// If runai is interrupted between the creation and its response, it deletes the job.
func TestInterrupted(t *testing.T) {
	namespace := product.AddProject(t, "interrupted", v1alpha1.ProjectSpec{})
	created := make(chan struct{})
	kubeconfig := proxied(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		if isCreation(r) {
			forward.ServeHTTP(httptest.NewRecorder(), r)
			close(created)
			<-r.Context().Done()
			return
		}
		forward.ServeHTTP(w, r)
	})
	cmd := exec.Command(product.Programs.Runai, "submit-mpi", "dist1", "-n", namespace, "-i", "x")
	var stderr strings.Builder
	cmd.Stderr, cmd.Env = &stderr, append(os.Environ(), "KUBECONFIG="+kubeconfig)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-created
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || stderr.String() != "runai: interrupted: job \"dist1\" was not submitted\n" {
		t.Errorf("%v: %s", err, stderr.String())
	}
	if left := product.Jobs(t, namespace); len(left) > 0 {
		t.Errorf("%d jobs are left", len(left))
	}
}

// A submission takes one request, one more for a generated name, and one for each object that flags name, without API
// discovery.
func TestRequests(t *testing.T) {
	namespace := product.AddProject(t, "counted", v1alpha1.ProjectSpec{})
	createNamed(t, namespace)
	var mutex sync.Mutex
	var requests []string
	kubeconfig := proxied(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		mutex.Lock()
		requests = append(requests, r.Method+" "+r.URL.Path)
		mutex.Unlock()
		forward.ServeHTTP(w, r)
	})
	core := "/api/v1/namespaces/" + namespace
	jobs := fmt.Sprintf("/apis/kubeflow.org/v2beta1/namespaces/%s/mpijobs", namespace)
	named := []string{"GET " + core + "/persistentvolumeclaims/mine", "GET " + core + "/secrets/token"} // in any order
	for args, want := range map[string][]string{
		"dist1":   {"POST " + jobs},
		"--stdin": {"GET " + jobs, "POST " + jobs},
		"dist2 --pvc mine:/a --pvc mine:/b -e A=SECRET:token,key -e B=SECRET:token,key": append(slices.Clone(named), "POST "+jobs),
		"--pvc mine:/a -e A=SECRET:token,key": append(slices.Clone(named), "GET "+jobs,
			"POST "+jobs),
	} {
		mutex.Lock()
		requests = nil
		mutex.Unlock()
		words := append([]string{"submit-mpi", "-n", namespace, "-i", "x"}, strings.Fields(args)...)
		if _, stderr, code := product.RunaiAs(t, kubeconfig, words...); code != 0 {
			t.Fatal(stderr)
		}
		mutex.Lock()
		if last := requests[len(requests)-1]; last != "POST "+jobs || !sameWords(requests, want) {
			t.Errorf("%s: got %s, want %s", args, requests, want)
		}
		mutex.Unlock()
	}
}

// sameWords reports whether two lists are equal but for their order.
func sameWords(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
