package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// While no replica runs, because no node takes one, jobs cannot be created in projects, and the error says what is down.
// Everything else works. When the node takes pods again, all works again by itself.
func TestWebhookIsGone(t *testing.T) {
	lab.Require(t)
	namespace := product.AddProject(t, "gone", v1alpha1.ProjectSpec{})
	product.AddNamespace(t, "gone-elsewhere", nil)
	for _, name := range []string{"steered", "finalized", "deleted", "reported"} {
		job := makeIdleJob(namespace)
		job.Name, job.GenerateName = name, ""
		job.Annotations = nil // runs as whoever the image says
		suite.Create(t, product.Client, job)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		_, _, err := product.Kubectl(ctx, nil, "uncordon", lab.NodeName)
		if err := errors.Join(err, product.Release.Upgrade(ctx)); err != nil {
			t.Error(err)
		}
	})
	old := replicas(t)
	suite.Kubectl(t, product.User, "", "cordon", lab.NodeName)
	suite.Kubectl(t, product.User, "", "delete", "pods", "--namespace", chart.Namespace, "--selector",
		"pod-template-hash="+hash(old[0]), "--grace-period=0", "--force")
	for _, pod := range old {
		leads(t, pod.Status.PodIP, false)
	}

	refusedWhileGone(t, namespace)
	for name, works := range worksWhileGone(namespace) {
		t.Run(name, func(t *testing.T) {
			if err := works(t); err != nil {
				t.Error(err)
			}
		})
	}

	suite.Kubectl(t, product.User, "", "uncordon", lab.NodeName)
	suite.Eventually(t, "jobs are admitted again", 2*suite.Soon, func() error {
		job := mpijobtest.MakeMPIJob("again", namespace).Obj()
		err := product.Client.Create(t.Context(), job, client.DryRunAll)
		if err == nil && job.Annotations[annotations.AppliedPoliciesKey] == "" {
			err = errors.New("the job was not judged")
		}
		return err
	})
}

// refusedWhileGone asserts what a user reads.
func refusedWhileGone(t *testing.T, namespace string) {
	t.Helper()
	err := product.Client.Create(t.Context(), mpijobtest.MakeMPIJob("refused", namespace).Obj())
	if !apierrors.IsInternalError(err) {
		t.Fatalf("a job in a project: %v", err)
	}
	t.Log(err)
	const service = "https://" + chart.Release + "." + chart.Namespace + ".svc:443/mutate"
	if err := suite.Says(err.Error(), `failed calling webhook "mpijobs.admission.run.ai"`, service); err != nil {
		t.Error(err)
	}
	_, stderr, code := product.Runai(t, "submit-mpi", "refused", "-n", namespace, "-i", "example/train")
	if !strings.HasSuffix(stderr, noAnswerHere) || code == 0 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// noAnswerHere is how runai's error ends.
const noAnswerHere = "does not respond, and the API server refuses this request without it: try again, or ask your administrator\n"

// worksWhileGone are what the webhook does not judge.
func worksWhileGone(namespace string) map[string]func(*testing.T) error {
	merge := func(text string) client.Patch { return client.RawPatch(types.MergePatchType, []byte(text)) }
	job := func(name string) *v2beta1.MPIJob {
		return &v2beta1.MPIJob{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	}
	create := func(object client.Object) func(*testing.T) error {
		return func(t *testing.T) error { return product.Client.Create(t.Context(), object) }
	}
	patch := func(object client.Object, text string) func(*testing.T) error {
		return func(t *testing.T) error { return product.Client.Patch(t.Context(), object, merge(text)) }
	}
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: namespace, Name: name} }
	pod := corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "other"}},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "main", Image: "example/other"}},
		},
	}
	served := *pod.DeepCopy()
	served.Spec.RestartPolicy = corev1.RestartPolicyAlways
	return map[string]func(*testing.T) error{
		"a job outside of projects": create(mpijobtest.MakeMPIJob("elsewhere", "gone-elsewhere").Obj()),
		"a pod":                     create(&corev1.Pod{ObjectMeta: meta("pod"), Spec: pod.Spec}),
		"a batch job":               create(&batchv1.Job{ObjectMeta: meta("batch"), Spec: batchv1.JobSpec{Template: pod}}),
		"a deployment": create(&appsv1.Deployment{ObjectMeta: meta("deployment"), Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: pod.Labels}, Template: served,
		}}),
		"a new namespace of a project": create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name:   "gone-more",
			Labels: map[string]string{"runai/queue": "gone", annotations.IdentityLabel: string(v1alpha1.IdentityOptional)},
		}}),
		"a change of a project": patch(&v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "gone"}}, `{"spec":{"queue":"other"}}`),
		"a new project":         create(&v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "gone-too"}}),
		"a queue resumes and suspends a job": func(t *testing.T) error {
			const steers = `{"spec":{"runPolicy":{"suspend":%t},"mpiReplicaSpecs":{"Worker":{"template":{"spec":{"nodeSelector":%s}}}}}}`
			return errors.Join(patch(job("steered"), fmt.Sprintf(steers, false, `{"a":"b"}`))(t),
				patch(job("steered"), fmt.Sprintf(steers, true, "null"))(t))
		},
		"a status": func(t *testing.T) error {
			const status = `{"status":{"conditions":[{"type":"Created","status":"True"}]}}`
			return product.Client.Status().Patch(t.Context(), job("reported"), merge(status))
		},
		"a job with a finalizer is deleted": func(t *testing.T) error {
			if err := errors.Join(patch(job("finalized"), `{"metadata":{"finalizers":["example.com/hold"]}}`)(t),
				product.Client.Delete(t.Context(), job("finalized")),
				patch(job("finalized"), `{"metadata":{"finalizers":null}}`)(t)); err != nil {
				return err
			}
			return product.HasNo(t, job("finalized"))
		},
		"a job is deleted by runai": func(t *testing.T) error {
			if _, stderr, code := product.Runai(t, "delete", "deleted", "-n", namespace); code != 0 {
				return errors.New(stderr)
			}
			return product.HasNo(t, job("deleted"))
		},
		"jobs are listed by runai": func(t *testing.T) error {
			stdout, stderr, _ := product.Runai(t, "list", "-n", namespace)
			return suite.Says(stdout+stderr, "reported")
		},
		"a helm upgrade": func(t *testing.T) error {
			return product.Release.UpgradeAtOnce(t.Context(), "--set", "logging.level=debug")
		},
	}
}
