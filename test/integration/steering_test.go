package integration

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// A change sets or removes a field of a job. Its path begins in the job, or, after "template", in the template of a role.
type change struct {
	path  string // separated by spaces
	value any    // nil: removes the field
}

func (e change) apply(t *testing.T, job *unstructured.Unstructured, role string) {
	t.Helper()
	path := strings.Fields(e.path)
	if path[0] == "template" {
		path = append([]string{"spec", "mpiReplicaSpecs", role}, path...)
	}
	if e.value == nil {
		unstructured.RemoveNestedField(job.Object, path...)
		return
	}
	if err := unstructured.SetNestedField(job.Object, e.value, path...); err != nil {
		t.Fatal(err)
	}
}

// steering are edits with which a queue steers a job.
var steering = []change{
	{"spec runPolicy suspend", true},
	{"spec runPolicy suspend", nil},
	{"spec runPolicy", nil},
	{"template spec nodeSelector", map[string]any{"run.ai/type": "dgx", "zone": "a"}},
	{"template spec nodeSelector", nil},
	{"template spec tolerations", []any{map[string]any{"key": "example.com/a", "operator": "Exists"}}},
	{"template spec tolerations", nil},
	{"template spec schedulingGates", []any{map[string]any{"name": "kueue.x-k8s.io/topology"}}},
	{"template spec schedulingGates", nil},
	{"template metadata labels", map[string]any{"team": "a", "kueue.x-k8s.io/podset": "launcher", "kueue.x-k8s.io/tas": "true"}},
	{"template metadata annotations kueue.x-k8s.io/workload", "w"},
	{"metadata finalizers", []any{"example.com/hold"}},
}

// judged are edits that only the webhook may allow.
var judged = []change{
	{"metadata labels", map[string]any{"a": "b"}},
	{"metadata annotations", nil},
	{"spec slotsPerWorker", int64(4)},
	{"spec runLauncherAsWorker", true},
	{"spec sshAuthMountPath", "/home/ssh"},
	{"spec runPolicy cleanPodPolicy", "All"},
	{"spec runPolicy backoffLimit", int64(3)},
	{"spec runPolicy managedBy", "kueue.x-k8s.io/multikueue"},
	{"spec runPolicy schedulingPolicy", map[string]any{"queue": "other"}},
	{"spec runPolicy schedulingPolicy", map[string]any{"priorityClass": "high"}},
	{"spec mpiReplicaSpecs Worker replicas", int64(3)},
	{"spec mpiReplicaSpecs Worker restartPolicy", "Always"},
	{"spec mpiReplicaSpecs Worker", nil},
	{"spec mpiReplicaSpecs Other", map[string]any{"replicas": int64(1)}},
	{"spec mpiReplicaSpecs Other", map[string]any{}},
	{"template", nil},
	{"template metadata", nil},
	{"template metadata name", "x"},
	{"template metadata labels", map[string]any{"team": "b"}},
	{"template metadata labels", nil},
	{"template metadata labels", map[string]any{"team": "a", "kueue.x-k8s.io.example.com/a": "b"}},
	{"template metadata labels", map[string]any{"team": "a", "run.ai/project": "b"}},
	{"template metadata annotations", map[string]any{"gpu-fraction": "0.5"}},
	{"template metadata annotations", map[string]any{"container.apparmor.security.beta.kubernetes.io/mpi": "unconfined"}},
	{"template metadata finalizers", []any{"example.com/a"}},
	{"template spec nodeSelector", map[string]any{"kubernetes.io/os": "windows"}},
	{"template spec nodeSelector", map[string]any{"beta.kubernetes.io/os": "windows"}},
	{"template spec schedulingGates", []any{map[string]any{"name": "run.ai/admission"}}},
	{"template spec schedulingGates", []any{map[string]any{"name": "a"}, map[string]any{"name": "run.ai/admission"}}},
	{"template spec securityContext", map[string]any{"runAsUser": int64(1)}},
	{"template spec hostNetwork", true},
	{"template spec nodeName", "node"},
	{"template spec priorityClassName", "high"},
	{"template spec serviceAccountName", "builder"},
	{"template spec affinity", map[string]any{"nodeAffinity": map[string]any{}}},
	{"template spec containers", []any{map[string]any{"name": "mpi", "image": "other"}}},
	{"template spec volumes", []any{map[string]any{"name": "a", "emptyDir": map[string]any{}}}},
	{"template spec aFieldOfTomorrow", true},
	{"template aFieldOfTomorrow", true},
	{"spec mpiReplicaSpecs Worker aFieldOfTomorrow", true},
	{"spec runPolicy aFieldOfTomorrow", true},
	{"spec aFieldOfTomorrow", true},
}

// While the webhook is down, a queue can steer a job, and nobody can change it in another way, not even a field
// that the CRD does not know yet. Edits are not stored.
func TestSteeringWhileTheWebhookIsDown(t *testing.T) {
	namespace := product.AddProject(t, "steered", v1alpha1.ProjectSpec{})
	extendCRD(t)
	plain := mpijobtest.MakeMPIJob("plain", namespace).Both(func(template *corev1.PodTemplateSpec) {
		template.Labels = map[string]string{"team": "a"}
	}).Obj()
	queued := mpijobtest.MakeMPIJob("queued", namespace).Both(func(template *corev1.PodTemplateSpec) {
		template.Labels = map[string]string{"team": "a", "kueue.x-k8s.io/podset": "x"}
		template.Annotations = map[string]string{"kueue.x-k8s.io/workload": "x"}
		template.Spec.NodeSelector = map[string]string{"zone": "b"}
		template.Spec.Tolerations = []corev1.Toleration{{Key: "example.com/b", Operator: corev1.TolerationOpExists}}
		template.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "example.com/b"}}
	}).Obj()
	no := false
	queued.Spec.RunPolicy.Suspend = &no
	product.Create(t, plain, queued)
	suite.Eventually(t, "the API server keeps an unknown field", suite.Soon, func() error {
		job := raw(t, plain)
		change{"spec aFieldOfTomorrow", true}.apply(t, job, "")
		// The webhook refuses what the API server keeps, and allows what is left without it.
		return suite.Refused(product.Client.Update(t.Context(), job, client.DryRunAll), "spec.aFieldOfTomorrow")
	})
	stopWebhook(t)
	for _, job := range []*v2beta1.MPIJob{plain, queued} {
		for _, role := range []string{"Launcher", "Worker"} {
			for _, e := range steering {
				if err := updated(t, job, role, e); err != nil {
					t.Errorf("%s, %s, %v: %s", job.Name, role, e, err)
				}
			}
			if err := updated(t, job, role, steering...); err != nil {
				t.Errorf("%s, %s, everything at once: %s", job.Name, role, err)
			}
			for _, e := range judged {
				for _, edits := range [][]change{{e}, append(slices.Clone(steering), e)} {
					if err := suite.Refused(updated(t, job, role, edits...), "failed calling webhook"); err != nil {
						t.Errorf("%s, %s, %v after %d others: %s", job.Name, role, e, len(edits)-1, err)
					}
				}
			}
		}
	}
}

// The cost of the chart's match condition is bounded: with the largest jobs that can be stored it still has a
// result. An error in it would refuse every change of such a job, even while the webhook is up.
func TestSteeringLargestJobs(t *testing.T) {
	const namespace, large = "largest", 900_000
	product.AddNamespace(t, namespace, nil) // without a project, so that nobody judges the jobs
	many := func(n int, member func(i int) any) []any {
		var all []any
		for i := range n {
			all = append(all, member(i))
		}
		return all
	}
	keys := func(n int) map[string]any {
		all := map[string]any{}
		for i := range n {
			all[fmt.Sprintf("key-%05d", i)] = "x"
		}
		return all
	}
	roles := map[string]any{}
	for i := range 8_000 {
		roles[fmt.Sprintf("role-%05d", i)] = map[string]any{"template": map[string]any{"metadata": map[string]any{"name": "x"}}}
	}
	containers := func(variables int) change {
		env := many(variables, func(i int) any { return map[string]any{"name": fmt.Sprintf("E%05d", i), "value": "x"} })
		return change{"template spec containers", []any{map[string]any{"name": "mpi", "image": "x", "env": env}}}
	}
	jobs := map[string]struct {
		changes []change
		steered bool
	}{
		"contents": {[]change{
			containers(15_000), {"template spec nodeSelector", keys(20_000)},
			{"template spec tolerations", many(15_000, func(i int) any { return map[string]any{"key": fmt.Sprintf("taint-%05d", i)} })},
		}, true},
		"labels": {[]change{containers(0), {"template metadata labels", keys(30_000)}}, false},
		"gates": {[]change{
			containers(0),
			{"template spec schedulingGates", many(50_000, func(i int) any { return map[string]any{"name": fmt.Sprintf("gate-%05d", i)} })},
		}, false},
		"roles": {[]change{{"spec mpiReplicaSpecs", roles}}, false},
	}
	for name, job := range jobs {
		object := &unstructured.Unstructured{Object: map[string]any{}}
		object.SetGroupVersionKind(v2beta1.SchemeGroupVersion.WithKind(v2beta1.Kind))
		object.SetNamespace(namespace)
		object.SetName(name)
		for _, e := range job.changes {
			e.apply(t, object, "Worker")
		}
		product.Create(t, object)
		if text, err := object.MarshalJSON(); err != nil || len(text) < large {
			t.Errorf("%s: only %d bytes: %v", name, len(text), err)
		}
	}
	stopWebhook(t)
	project := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if err := mergePatch(t, product.Client, project, `{"metadata":{"labels":{"runai/queue":"x"}}}`); err != nil {
		t.Fatal(err)
	}
	named := func(name string) client.Object {
		return &v2beta1.MPIJob{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	}
	suite.Eventually(t, "the webhook is needed in the namespace", suite.Soon, func() error {
		return suite.Refused(updated(t, named("contents"), "Worker", change{"spec slotsPerWorker", int64(4)}), "failed calling webhook")
	})
	for name, job := range jobs {
		err := updated(t, named(name), "Worker", change{"spec runPolicy suspend", true})
		if !job.steered {
			err = suite.Refused(err, "failed calling webhook")
		}
		if err != nil {
			t.Errorf("%s: %s", name, err)
		}
	}
}

// updated updates a job with edits, without storing it, and returns the answer.
func updated(t *testing.T, job client.Object, role string, edits ...change) error {
	t.Helper()
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error { // the operator updates the job, too
		changed := raw(t, job)
		for _, e := range edits {
			e.apply(t, changed, role)
		}
		return product.Client.Update(t.Context(), changed, client.DryRunAll)
	})
}

// raw returns a stored job with the fields that its Go type does not have.
func raw(t *testing.T, job client.Object) *unstructured.Unstructured {
	t.Helper()
	found := &unstructured.Unstructured{}
	found.SetGroupVersionKind(v2beta1.SchemeGroupVersion.WithKind(v2beta1.Kind))
	if err := product.Client.Get(t.Context(), client.ObjectKeyFromObject(job), found); err != nil {
		t.Fatal(err)
	}
	return found
}

func stopWebhook(t *testing.T) {
	t.Helper()
	if err := product.Webhook.Stop(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := product.StartWebhook(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
	})
}
