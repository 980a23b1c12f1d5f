package integration

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// claims are the extra attributes of saml:alice.
var claims = map[string][]string{"run.ai/uid": {"1234567"}, "run.ai/gid": {"54000"}, "run.ai/supplementary-groups": {"60001", "60002"}}

// as returns a user with all permissions on MPIJobs, which they keep, so that only the product can refuse.
func as(t *testing.T, name string, extra map[string][]string, groups ...string) *env.User {
	t.Helper()
	user, err := product.Impersonate(rest.ImpersonationConfig{UserName: name, Groups: append(groups, "system:authenticated"), Extra: extra})
	if err != nil {
		t.Fatal(err)
	}
	subject := rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: name}
	product.PermitInCluster(t, subject, install.Verbs("kubeflow.org", []string{"*"}, "*"))
	return user
}

// mergePatch changes an object as a user.
func mergePatch(t *testing.T, user client.Client, object client.Object, patch string) error {
	t.Helper()
	return user.Patch(t.Context(), object, client.RawPatch(types.MergePatchType, []byte(patch)))
}

// An edit is a merge patch of a job.
type edit struct{ name, patch string }

const roleOf = `{"spec":{"mpiReplicaSpecs":{"Worker":%s}}}`

var refusedEdits = []edit{
	{"command", fmt.Sprintf(roleOf, `{"template":{"spec":{"containers":[{"name":"mpi","image":"example/mpi","command":["steal"]}]}}}`)},
	{"image", fmt.Sprintf(roleOf, `{"template":{"spec":{"containers":[{"name":"mpi","image":"example/other"}]}}}`)},
	{"volumes", fmt.Sprintf(roleOf, `{"template":{"spec":{"volumes":[{"name":"x","hostPath":{"path":"/"}}]}}}`)},
	{"env", fmt.Sprintf(roleOf,
		`{"template":{"spec":{"containers":[{"name":"mpi","image":"example/mpi","env":[{"name":"LD_PRELOAD","value":"x"}]}]}}}`)},
	{"affinity", fmt.Sprintf(roleOf, `{"template":{"spec":{"affinity":{"podAffinity":{}}}}}`)},
	{"ids", fmt.Sprintf(roleOf, `{"template":{"spec":{"securityContext":{"runAsUser":1001}}}}`)},
	{"schedulerName", fmt.Sprintf(roleOf, `{"template":{"spec":{"schedulerName":"other"}}}`)},
	{"confinement", fmt.Sprintf(roleOf,
		`{"template":{"metadata":{"annotations":{"container.apparmor.security.beta.kubernetes.io/mpi":"unconfined"}}}}`)},
	{"what a plugin of the runtime reads", fmt.Sprintf(roleOf, `{"template":{"metadata":{"annotations":{"cdi.k8s.io/a":"b"}}}}`)},
	{"a new role", `{"spec":{"mpiReplicaSpecs":{"Other":{"template":{"spec":{"containers":[{"name":"c","image":"x"}]}}}}}}`},
	{"queue", `{"metadata":{"labels":{"kai.scheduler/queue":"other"}}}`},
	{"intent", `{"metadata":{"annotations":{"run.ai/run-as-user":null}}}`},
	{"stamp", `{"metadata":{"annotations":{"run.ai/submitted-by":"{}"}}}`},
	{"applied policies", `{"metadata":{"annotations":{"run.ai/applied-policies":"none"}}}`},
}

// restoredEdits are what applying a manifest again does: the webhook restores the stored values.
var restoredEdits = []edit{
	{"no affinity", fmt.Sprintf(roleOf, `{"template":{"spec":{"affinity":null}}}`)},
	{"files", fmt.Sprintf(roleOf, `{"template":{"metadata":{"annotations":{"files.run.ai/passwd":"root:x:1234567:0::/:/bin/sh"}}}}`)},
	{"sshAuthMountPath", `{"spec":{"sshAuthMountPath":"/root/.ssh"}}`},
	{"no stamp", `{"metadata":{"annotations":{"run.ai/submitted-by":null}}}`},
	{"no queue", `{"metadata":{"labels":{"kai.scheduler/queue":null}}}`},
}

var allowedEdits = []edit{
	{"suspend", `{"spec":{"runPolicy":{"suspend":true}}}`},
	{"resume", `{"spec":{"runPolicy":{"suspend":false}}}`},
	{"replicas", fmt.Sprintf(roleOf, `{"replicas":3}`)},
	{"replicas again", fmt.Sprintf(roleOf, `{"replicas":1}`)},
	{"nodeSelector", fmt.Sprintf(roleOf, `{"template":{"spec":{"nodeSelector":{"pool":"a"}}}}`)},
	{"tolerations", fmt.Sprintf(roleOf, `{"template":{"spec":{"tolerations":[{"key":"a","operator":"Exists"}]}}}`)},
	{"a gate", fmt.Sprintf(roleOf, `{"template":{"spec":{"schedulingGates":[{"name":"kueue.x-k8s.io/topology"}]}}}`)},
	{"a foreign label", `{"metadata":{"labels":{"team":"a"}}}`},
	{"a foreign annotation", `{"metadata":{"annotations":{"example.com/a":"b"}}}`},
	{"labels of pods", fmt.Sprintf(roleOf,
		`{"template":{"metadata":{"labels":{"team":"a"},"annotations":{"prometheus.io/scrape":"true"}}}}`)},
	{"a finalizer", `{"metadata":{"finalizers":["example.com/hold"]}}`},
	{"no finalizer", `{"metadata":{"finalizers":null}}`},
	{"nothing", `{}`},
}

// T12 to T15: the same rules hold for every user, on a running and a suspended job, before and after the policy
// and the project change.
func TestUpdates(t *testing.T) {
	namespace := product.AddProject(t, "updates",
		v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired, NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"dgx"}}})
	people := map[string]*env.User{
		"the owner":          as(t, "saml:alice", claims),
		"another user":       as(t, "saml:bob", map[string][]string{"run.ai/uid": {"1001"}, "run.ai/gid": {"1001"}}),
		"the operator":       as(t, "system:serviceaccount:mpi-operator:mpi-operator", nil),
		"a queue":            as(t, "system:serviceaccount:kueue-system:kueue-controller-manager", nil),
		"garbage collection": as(t, "system:serviceaccount:kube-system:generic-garbage-collector", nil),
		"an administrator":   as(t, "admin", nil, "system:masters"),
	}
	for _, suspended := range []bool{false, true} {
		name := map[bool]string{false: "running", true: "suspended"}[suspended]
		job := mpijobtest.MakeMPIJob(name, namespace).Annotation(annotations.RunAsUserKey, "true").Obj()
		job.Spec.RunPolicy.Suspend = &suspended
		suite.Create(t, product.ClientOf(t, people["the owner"]), job)
	}
	owner := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owner", Namespace: namespace}}
	product.Create(t, owner)
	const owned = `{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":%q}]}}`
	own := edit{"an owner", fmt.Sprintf(owned, owner.UID)}
	allowed := append(slices.Clone(allowedEdits), own, edit{"no owner", `{"metadata":{"ownerReferences":null}}`})
	tryAll := func(when string) {
		for who, user := range people {
			for _, name := range []string{"running", "suspended"} {
				tryEdits(t, product.ClientOf(t, user), product.Job(t, namespace, name), allowed, who+" "+when)
			}
		}
	}
	tryAll("at first")
	project := &v1alpha1.Project{}
	if err := product.Client.Get(t.Context(), client.ObjectKey{Name: "updates"}, project); err != nil {
		t.Fatal(err)
	}
	project.Spec.NodeAffinity.Train, project.Spec.Identity = []string{"t4"}, v1alpha1.IdentityDisabled
	if err := product.Client.Update(t.Context(), project); err != nil {
		t.Fatal(err)
	}
	product.Upgrade(t, "--set", "policy.scheduling.schedulerName=other", "--set", "policy.start.gate=false")
	tryAll("after the policy changed")
}

// tryEdits asserts the outcome of each edit.
func tryEdits(t *testing.T, user client.Client, of *v2beta1.MPIJob, allowed []edit, who string) {
	t.Helper()
	namespace, name := of.Namespace, of.Name
	try := func(e edit) error {
		job := &v2beta1.MPIJob{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
		return user.Patch(t.Context(), job, client.RawPatch(types.MergePatchType, []byte(e.patch)))
	}
	before := governed(t, of)
	for _, e := range refusedEdits {
		if err := try(e); err == nil || !strings.Contains(err.Error(), "what a job runs cannot be changed after submission") {
			t.Errorf("%s changed %s of %s: %v", who, e.name, name, err)
		}
	}
	for _, e := range restoredEdits {
		if err := try(e); err != nil {
			t.Errorf("%s: %s of %s: %s", who, e.name, name, err)
		}
	}
	for _, e := range allowed {
		if err := try(e); err != nil {
			t.Errorf("%s cannot change %s of %s: %s", who, e.name, name, err)
		}
	}
	if diff := cmp.Diff(before, governed(t, product.Job(t, namespace, name))); diff != "" {
		t.Errorf("%s changed what %s runs (-before +after):\n%s", who, name, diff)
	}
}

// governed returns, as text, what nobody may change.
func governed(t *testing.T, job *v2beta1.MPIJob) string {
	t.Helper()
	job.Spec.RunPolicy = v2beta1.RunPolicy{}
	for _, role := range job.Spec.MPIReplicaSpecs {
		role.Replicas = nil
		delete(role.Template.Labels, "team")
		delete(role.Template.Annotations, "prometheus.io/scrape")
		role.Template.Spec.NodeSelector, role.Template.Spec.Tolerations, role.Template.Spec.SchedulingGates = nil, nil, nil
	}
	delete(job.Annotations, "example.com/a")
	delete(job.Labels, "team")
	return canonical(t, map[string]any{"spec": job.Spec, "annotations": job.Annotations, "labels": job.Labels})
}

// A job from before the installation has no stamp: it can be suspended, scaled and placed, but nothing else.
func TestUpdateOfOlderJob(t *testing.T) {
	product.AddNamespace(t, "older", nil)
	product.Create(t, mpijobtest.MakeMPIJob("old", "older").Obj())
	const empty = `{apiVersion: kubeflow.org/v2beta1, kind: MPIJob, metadata: {name: empty}}` // the CRD requires no spec
	product.CreateManifest(t, "older", empty)
	product.Create(t, &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "older"}})
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "older"}}
	if err := mergePatch(t, product.Client, namespace, `{"metadata":{"labels":{"runai/queue":"older"}}}`); err != nil {
		t.Fatal(err)
	}
	suite.Eventually(t, "the webhook handles the namespace", suite.Soon, func() error {
		err := mergePatch(t, product.Client, product.Job(t, "older", "old"), refusedEdits[1].patch)
		return suite.Refused(err, "cannot be changed after submission")
	})
	for _, e := range allowedEdits {
		if err := mergePatch(t, product.Client, product.Job(t, "older", "old"), e.patch); err != nil {
			t.Errorf("%s: %s", e.name, err)
		}
	}
	for _, patch := range []string{`{"metadata":{"finalizers":["example.com/hold"]}}`, `{"metadata":{"finalizers":null}}`} {
		if err := mergePatch(t, product.Client, product.Job(t, "older", "empty"), patch); err != nil {
			t.Errorf("a job without a spec: %s: %s", patch, err)
		}
	}
}

const applied = `
apiVersion: kubeflow.org/v2beta1
kind: MPIJob
metadata:
  name: %s
  annotations: {run.ai/large-shm: "true", run.ai/interactive: "true"}
spec:
  sshAuthMountPath: /root/.ssh
  runPolicy: {cleanPodPolicy: Running, backoffLimit: 0}
  mpiReplicaSpecs:
    Launcher:
      replicas: 1
      restartPolicy: Never
      template:
        spec:
          schedulingGates: [{name: run.ai/admission}]
          containers: [{name: mpi, image: example/train, args: [mpirun, train]}]
    Worker:
      replicas: 2
      template:
        spec:
          schedulingGates: [{name: run.ai/admission}]
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [
            {matchExpressions: [{key: zone, operator: In, values: [z1]}]}]}}}
          containers: [{name: mpi, image: example/train, env: [{name: A, value: "1"}], resources: {limits: {nvidia.com/gpu: "0.5"}}}]
`

// Applying the same manifest again succeeds and changes nothing, on the client and on the server side.
func TestApplyAgain(t *testing.T) {
	product.Upgrade(t, "--set", "policy.scheduling.schedulerName=kai-scheduler", "--set", "policy.gpu.fractions=KAI")
	namespace := product.AddProject(t, "applied", dgx)
	for name, flags := range map[string][]string{"client-side": nil, "server-side": {"--server-side", "--force-conflicts"}} {
		t.Run(name, func(t *testing.T) {
			apply := func(text string) (string, error) {
				_, stderr, err := product.Kubectl(t.Context(), strings.NewReader(text),
					append([]string{"apply", "-n", namespace, "-f", "-"}, flags...)...)
				return stderr, err
			}
			text := fmt.Sprintf(applied, name)
			if stderr, err := apply(text); err != nil {
				t.Fatal(stderr)
			}
			before := product.Job(t, namespace, name)
			for range 2 {
				if stderr, err := apply(text); err != nil {
					t.Fatal(stderr)
				}
			}
			after := product.Job(t, namespace, name)
			if diff := cmp.Diff(stored(t, before), stored(t, after)); diff != "" {
				t.Errorf("applied again (-before +after):\n%s", diff)
			}
			stderr, err := apply(strings.Replace(text, "mpirun, train", "mpirun, steal", 1))
			const want = "what a job runs cannot be changed after submission (spec.mpiReplicaSpecs[Launcher]): " +
				"delete the job and submit it again"
			if err == nil || !strings.Contains(stderr, want) {
				t.Errorf("a changed command: %v, %s", err, stderr)
			}
		})
	}
}

func stored(t *testing.T, job *v2beta1.MPIJob) string {
	t.Helper()
	kept := map[string]string{}
	for key, value := range job.Annotations {
		if !strings.HasPrefix(key, "kubectl.kubernetes.io/") {
			kept[key] = value
		}
	}
	text, err := json.MarshalIndent(map[string]any{"spec": job.Spec, "annotations": kept, "labels": job.Labels}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
