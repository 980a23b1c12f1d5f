package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// group annotates the pods of a job as KAI does when it has put them into a PodGroup, whose name it returns.
func group(t *testing.T, job *v2beta1.MPIJob) string {
	t.Helper()
	name := "pg-" + job.Name + "-" + string(job.UID)
	for _, pod := range podsOf(t, job).all() {
		data := fmt.Appendf(nil, `{"metadata":{"annotations":{"pod-group-name":%q}}}`, name)
		patch := client.RawPatch("application/merge-patch+json", data)
		if err := product.Client.Patch(t.Context(), &pod, patch); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

// say creates an event like KAI: with the object, but without a UID, in the object's namespace.
func say(t *testing.T, namespace, apiVersion, kind, name, eventType, reason, message string) {
	t.Helper()
	now := metav1.NewTime(time.Now())
	product.Create(t, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{GenerateName: name + ".", Namespace: namespace},
		InvolvedObject: corev1.ObjectReference{APIVersion: apiVersion, Kind: kind, Namespace: namespace, Name: name},
		Source:         corev1.EventSource{Component: "kai-scheduler"},
		Type:           eventType, Reason: reason, Message: message, FirstTimestamp: now, LastTimestamp: now, Count: 1,
	})
}

// serveQueues adds the kind of KAI's queues to the cluster.
func serveQueues(t *testing.T) {
	t.Helper()
	keep := true
	product.Create(t, &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "queues.scheduling.run.ai"},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: "scheduling.run.ai", Scope: apiextensionsv1.ClusterScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: "Queue", ListKind: "QueueList", Plural: "queues", Singular: "queue"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v2", Served: true, Storage: true,
				Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
					Type: "object", XPreserveUnknownFields: &keep,
				}},
			}},
		},
	})
}

// describe shows why KAI does not start a job: it reads the events of its PodGroup, names no pod if the whole gang is
// the reason, and shows equal events once.
func TestDescribeKAI(t *testing.T) {
	product.Upgrade(t, "--set", "policy.gpu.fractions=KAI", "--set", "policy.scheduling.schedulerName=kai-scheduler")
	namespace := product.AddProject(t, "gangs", v1alpha1.ProjectSpec{})
	submit(t, "dist1", "-p", "gangs", "-g", "0.5", "--gpu-devices", "2", "--processes=3")
	submit(t, "dist2", "-p", "gangs", "--gpu-memory", "2G", "--processes=3")
	job := product.Job(t, namespace, "dist1")
	podGroup := group(t, job)
	describe := func(what string, parts ...string) string {
		t.Helper()
		var stdout string
		suite.Eventually(t, what, suite.Soon, func() error {
			stdout, _, _ = product.Runai(t, "describe", "dist1", "-p", "gangs")
			return suite.Says(stdout, parts...)
		})
		return stdout
	}
	for _, worker := range podsOf(t, job).workers {
		if worker.Annotations["gpu-fraction"] != "0.5" || worker.Annotations["gpu-fraction-num-devices"] != "2" {
			t.Errorf("%s has the annotations %v", worker.Name, worker.Annotations)
		}
	}
	describe("KAI is not installed, and has said nothing",
		"\nGPUS:                  1\n", "TOTAL REQUESTED GPUS:  3\n", "\nPending: the pods are starting.\n")
	listed, _, _ := product.Runai(t, "list", "jobs", "-p", "gangs")
	if err := suite.Says(listed, "2G x 3)", "0 (3)"); err != nil {
		t.Errorf("list does not count the GPUs: %s", err)
	}

	serveQueues(t)
	describe("there is no such queue", "\nPending: queue gangs does not exist. Ask your administrator to create it.\n")
	queue := &unstructured.Unstructured{}
	queue.SetAPIVersion("scheduling.run.ai/v2")
	queue.SetKind("Queue")
	queue.SetName("gangs")
	product.Create(t, queue)
	describe("the queue exists", "\nPending: the pods are starting.\n")

	const noGPUs = "no nodes with enough resources were found: 2 node(s) had untolerated taint(s). \n" +
		"3 node(s) didn't have enough resources: GPUs."
	for _, pod := range podsOf(t, job).all() {
		for range 25 {
			say(t, namespace, "v1", "Pod", pod.Name, "Warning", "Unschedulable", noGPUs)
		}
	}
	gang := "PodSchedulingErrors: Resources were found for 2 pods while 4 are required for gang scheduling. " +
		"Additional pods cannot be scheduled due to: " + noGPUs + "."
	say(t, namespace, "scheduling.run.ai/v2alpha2", "PodGroup", podGroup, "Normal", "Unschedulable", gang)
	stdout := describe("the gang has no room",
		"\nPending: the cluster has room for 2 of the 4 pods that must start together: 2 node(s) had untolerated taint(s). "+
			"3 node(s) didn't have enough resources: GPUs. Wait until GPUs are free, or request fewer with --gpu or --processes.\n",
		" and 3 more", "(x100 over ",
		"[Unschedulable] no nodes with enough resources were found: 2 node(s) had untolerated taint(s). 3 node(s)")
	if n := strings.Count(stdout, "] no nodes with enough resources"); n != 1 || strings.Contains(stdout, `\n`) {
		t.Errorf("%d lines of equal events, or a line end in a line:\n%s", n, stdout)
	}

	say(t, namespace, "scheduling.run.ai/v2alpha2", "PodGroup", podGroup, "Normal", "Evict",
		"Pod "+namespace+"/dist1-worker-0 was preempted by higher priority workload runai-b/pg-dev1-11111111-2222-3333-4444-555555555555")
	describe("the gang was preempted",
		"\nPending: the job was preempted by dev1 in namespace runai-b, which has a higher priority. "+
			"It starts again when enough resources are free.\n")
}
