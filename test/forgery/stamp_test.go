package forgery

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var forgedStamp = annotations.Stamp{
	Username: "saml:bob", Identity: &annotations.Identity{UID: 1001, GID: 1001, UserName: "bob", Home: "/home/bob", Source: "Claims"},
}.String()

const forgedPasswd = "root:x:0:0:root:/root:/bin/sh\nalice:x:0:0::/:/bin/sh\n"

// A forged stamp and forged files are overwritten.
func TestT08ForgedStamp(t *testing.T) {
	namespace, alice := product.AddProject(t, "t08", required), login(t, broker, alices)
	honest := suite.Create(t, alice, mpijobtest.MakeMPIJob("honest", namespace).Obj())
	forged := suite.Create(t, alice, mpijobtest.MakeMPIJob("forged", namespace).Annotation(annotations.SubmittedByKey, forgedStamp).
		Annotation(annotations.AppliedPoliciesKey, "none").Both(func(template *corev1.PodTemplateSpec) {
		metav1.SetMetaDataAnnotation(&template.ObjectMeta, annotations.FilesPrefix+"passwd", forgedPasswd)
	}).Obj())
	runsAs(t, forged, "saml:alice", 1234567, 54000)
	if diff := cmp.Diff(honest.Annotations, forged.Annotations); diff != "" {
		t.Errorf("(-honest +forged):\n%s", diff)
	}
	for role, spec := range forged.Spec.MPIReplicaSpecs {
		const passwd = annotations.FilesPrefix + "passwd"
		if diff := cmp.Diff(honest.Spec.MPIReplicaSpecs[role].Template.Annotations[passwd], spec.Template.Annotations[passwd]); diff != "" {
			t.Errorf("%s (-honest +forged):\n%s", role, diff)
		}
	}
}

// A user changes the stamp of their own job, or of another user's.
func TestT09ChangedStamp(t *testing.T) {
	namespace, alice, bob := product.AddProject(t, "t09", required), login(t, broker, alices), login(t, broker, bobs)
	suite.Create(t, alice, mpijobtest.MakeMPIJob("owned", namespace).Obj())
	for who, user := range map[string]client.Client{"alice": alice, "bob": bob} {
		job := product.Job(t, namespace, "owned")
		job.Annotations[annotations.SubmittedByKey] = forgedStamp
		isRefused(t, who, user.Update(t.Context(), job), "cannot be changed after submission (metadata.annotations)")
	}
	runsAs(t, product.Job(t, namespace, "owned"), "saml:alice", 1234567, 54000)
}

// The stamp of a job still counts while the job is being deleted: a finalizer may keep it for long, and
// MultiKueue copies it.
func TestT09StampOfADyingJob(t *testing.T) {
	namespace, alice, bob := product.AddProject(t, "t09-dying", required), login(t, broker, alices), login(t, broker, bobs)
	dying := mpijobtest.MakeMPIJob("dying", namespace).Obj()
	dying.Finalizers = []string{"example.com/hold"}
	suite.Create(t, alice, dying)
	if err := bob.Delete(t.Context(), product.Job(t, namespace, "dying")); err != nil {
		t.Fatal(err)
	}
	job := product.Job(t, namespace, "dying")
	job.Annotations[annotations.SubmittedByKey] = forgedStamp
	isRefused(t, "the stamp", bob.Update(t.Context(), job), "cannot be changed after submission (metadata.annotations)")
	job = product.Job(t, namespace, "dying")
	whatRuns[0].change(job)
	isRefused(t, "the command", bob.Update(t.Context(), job), "cannot be changed after submission")
	if err := retry.RetryOnConflict(retry.DefaultRetry, func() error { // the operator writes too
		job := product.Job(t, namespace, "dying")
		job.Finalizers = nil
		return bob.Update(t.Context(), job)
	}); err != nil {
		t.Errorf("the finalizer: %s", err)
	}
}

// The same with every kind of patch, and with forced ownership.
func TestT10Patches(t *testing.T) {
	namespace, bob := product.AddProject(t, "t10", required), login(t, broker, bobs)
	suite.Create(t, login(t, broker, alices), mpijobtest.MakeMPIJob("owned", namespace).Obj())
	stamp, err := json.Marshal(forgedStamp)
	if err != nil {
		t.Fatal(err)
	}
	const object = `{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"owned"`
	const applied = object + `},"spec":{"mpiReplicaSpecs":{"Worker":{"template":{"spec":{` +
		`"securityContext":{"runAsUser":1001},"containers":[{"name":"mpi","image":"example/mpi"}]}}}}}}`
	for name, patch := range map[string]struct {
		kind types.PatchType
		text string
	}{
		"a JSON patch of the stamp": {types.JSONPatchType,
			`[{"op":"replace","path":"/metadata/annotations/run.ai~1submitted-by","value":` + string(stamp) + `}]`},
		"a JSON patch of the uid": {types.JSONPatchType,
			`[{"op":"replace","path":"/spec/mpiReplicaSpecs/Worker/template/spec/securityContext/runAsUser","value":1001}]`},
		"a merge patch of the stamp": {types.MergePatchType, `{"metadata":{"annotations":{"run.ai/submitted-by":` + string(stamp) + `}}}`},
		"a merge patch of the uid": {types.MergePatchType,
			`{"spec":{"mpiReplicaSpecs":{"Worker":{"template":{"spec":{"securityContext":{"runAsUser":1001}}}}}}}`},
		"server-side apply": {types.ApplyPatchType,
			object + `,"annotations":{"run.ai/submitted-by":` + string(stamp) + `}}}`},
		"server-side apply of ids": {types.ApplyPatchType, applied},
	} {
		job := &v2beta1.MPIJob{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "owned"}}
		var options []client.PatchOption
		if patch.kind == types.ApplyPatchType {
			options = []client.PatchOption{client.ForceOwnership, client.FieldOwner("bob")}
		}
		isRefused(t, name, bob.Patch(t.Context(), job, client.RawPatch(patch.kind, []byte(patch.text)), options...),
			"cannot be changed after submission")
	}
	runsAs(t, product.Job(t, namespace, "owned"), "saml:alice", 1234567, 54000)
}

// Users with the operator's own role can write the status, and nothing else with it.
func TestT11Status(t *testing.T) {
	namespace, bob := product.AddProject(t, "t11", required), login(t, broker, bobs)
	before := suite.Create(t, login(t, broker, alices), mpijobtest.MakeMPIJob("owned", namespace).Obj()).DeepCopy()
	uid := int64(1001)
	if err := retry.RetryOnConflict(retry.DefaultRetry, func() error { // the operator writes too
		job := product.Job(t, namespace, "owned")
		job.Annotations[annotations.SubmittedByKey] = forgedStamp
		job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Template.Spec.SecurityContext.RunAsUser = &uid
		job.Status.Conditions = append(job.Status.Conditions, v2beta1.JobCondition{Type: "Forged", Status: corev1.ConditionTrue})
		return bob.Status().Update(t.Context(), job)
	}); err != nil {
		t.Fatal(err)
	}
	after := product.Job(t, namespace, "owned")
	if diff := cmp.Diff(before.Spec, after.Spec) + cmp.Diff(before.Annotations, after.Annotations); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

// A copy by MultiKueue is recognized by its label and its submitter. The label alone is refused.
func TestT27MultiKueueLabel(t *testing.T) {
	namespace, alice := product.AddProject(t, "t27", required), login(t, broker, alices)
	manager := serviceAccount(t, "multikueue", "manager")
	const origin = "kueue.x-k8s.io/multikueue-origin"
	forged := mpijobtest.MakeMPIJob("forged", namespace).Label(origin, "multikueue").
		Annotation(annotations.SubmittedByKey, forgedStamp).Obj()
	isRefused(t, "a user's", alice.Create(t.Context(), forged.DeepCopy()),
		"multiKueue.submitters of the cluster policy does not list saml:alice")
	isRefused(t, "ids that are not the stamp's", manager.Create(t.Context(), forged.DeepCopy()),
		"runs with other ids than run.ai/submitted-by records")
	admitted := suite.Create(t, alice, mpijobtest.MakeMPIJob("original", namespace).Obj())
	copied := func(name string) *v2beta1.MPIJob {
		return &v2beta1.MPIJob{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Annotations: admitted.Annotations,
			Labels: map[string]string{origin: "multikueue"}}, Spec: *admitted.Spec.DeepCopy()}
	}
	isRefused(t, "a user's copy", alice.Create(t.Context(), copied("users")),
		"multiKueue.submitters of the cluster policy does not list saml:alice")
	made := suite.Create(t, manager, copied("copy"))
	runsAs(t, made, "saml:alice", 1234567, 54000)
	if diff := cmp.Diff(admitted.Spec, made.Spec); diff != "" {
		t.Errorf("the copy (-original +copy):\n%s", diff)
	}
	job := product.Job(t, namespace, "copy")
	job.Annotations[annotations.SubmittedByKey] = forgedStamp
	isRefused(t, "the manager's update", manager.Update(t.Context(), job), "cannot be changed after submission")
}

// A copy by MultiKueue whose stamp has the uid twice, so that readers of it could see different users.
func TestT27MultiKueueStamp(t *testing.T) {
	namespace, alice := product.AddProject(t, "t27-stamp", required), login(t, broker, alices)
	manager := serviceAccount(t, "multikueue", "manager")
	admitted := suite.Create(t, alice, mpijobtest.MakeMPIJob("original", namespace).Obj())
	stamp := admitted.Annotations[annotations.SubmittedByKey]
	for name, attempt := range map[string]struct{ second, reason string }{
		"another case": {`"uid":1001,"UID":1234567`, conflicts + "1001"},
		"twice":        {`"uid":1001,"uid":1234567`, "is not a valid stamp"},
	} {
		forged := strings.Replace(stamp, `"uid":1234567`, attempt.second, 1)
		if forged == stamp {
			t.Fatalf("the stamp %s has no uid", stamp)
		}
		job := mpijobtest.MakeMPIJob("copy", namespace).Label("kueue.x-k8s.io/multikueue-origin", "multikueue").
			Annotation(annotations.SubmittedByKey, forged).Obj()
		job.Spec = *admitted.Spec.DeepCopy()
		isRefused(t, name, manager.Create(t.Context(), job), attempt.reason)
	}
}
