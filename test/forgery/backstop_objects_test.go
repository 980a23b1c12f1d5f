package forgery

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// Nobody replaces the key of a job, or its credentials for git.
func TestT54Secrets(t *testing.T) {
	namespace, alice := product.AddProject(t, "t54", required), login(t, broker, alices)
	applyBackstop(t, "secrets")
	secret := func(name, text string) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}, Data: map[string][]byte{"a": []byte(text)}}
	}
	suite.Eventually(t, "the policies are active", suite.Soon, func() error {
		return suite.Refused(alice.Create(t.Context(), secret("dist1-ssh", "mine"), client.DryRunAll),
			"only MPI Operator may write the key of a job")
	})
	suite.Create(t, as(t, env.Operator), secret("dist1-ssh", "operator's"))
	suite.Create(t, alice, secret("dist1-git-sync", "alice's"))
	for name, reason := range map[string]string{
		"dist1-ssh": "only MPI Operator may write the key of a job", "dist1-git-sync": "the credentials of a job cannot be changed",
	} {
		stored := secret(name, "")
		if err := product.Client.Get(t.Context(), client.ObjectKeyFromObject(stored), stored); err != nil {
			t.Fatal(err)
		}
		stored.Labels = map[string]string{"a": "b"}
		if err := alice.Update(t.Context(), stored, client.DryRunAll); err != nil {
			t.Errorf("a label of %s: %s", name, err)
		}
		stored.Data["a"] = []byte("another")
		if err := suite.Refused(alice.Update(t.Context(), stored, client.DryRunAll), reason); err != nil {
			t.Errorf("%s: %s", name, err)
		}
		stored.Data = nil
		if err := suite.Refused(alice.Update(t.Context(), stored, client.DryRunAll), reason); err != nil {
			t.Errorf("without data: %s: %s", name, err)
		}
	}
	suite.Create(t, alice, secret("ssh", "mine"))
}

// No pod outlives its job.
func TestT55Orphans(t *testing.T) {
	namespace, alice := product.AddProject(t, "t55", required), login(t, broker, alices)
	applyBackstop(t, "orphans")
	launcher := suspendedLauncher(t, namespace, alice)
	mpijob := product.Job(t, namespace, "dist1")
	const reason = "cannot leave its pods behind"
	yes, no, orphan, background := true, false, metav1.DeletePropagationOrphan, metav1.DeletePropagationBackground
	suite.Eventually(t, "the policies are active", suite.Soon, func() error {
		return suite.Refused(alice.Delete(t.Context(), mpijob.DeepCopy(), client.PropagationPolicy(orphan), client.DryRunAll), reason)
	})
	for _, object := range []client.Object{mpijob, launcher} {
		for name, options := range map[string]*client.DeleteOptions{
			//nolint:staticcheck // deprecated, but it works
			"a policy": {PropagationPolicy: &orphan}, "an option": {Raw: &metav1.DeleteOptions{OrphanDependents: &yes}},
		} {
			options.DryRun = []string{metav1.DryRunAll}
			if err := suite.Refused(alice.Delete(t.Context(), object, options), reason); err != nil {
				t.Errorf("%T by %s: %s", object, name, err)
			}
		}
		if err := suite.Refused(alice.DeleteAllOf(t.Context(), object, client.InNamespace(namespace), client.PropagationPolicy(orphan)),
			reason); err != nil {
			t.Errorf("all of %T: %s", object, err)
		}
		err := retry.RetryOnConflict(retry.DefaultRetry, func() error { // controllers write the status meanwhile
			changed := object.DeepCopyObject().(client.Object)
			if err := product.Client.Get(t.Context(), client.ObjectKeyFromObject(object), changed); err != nil {
				return err
			}
			changed.SetFinalizers([]string{metav1.FinalizerOrphanDependents})
			return alice.Update(t.Context(), changed, client.DryRunAll)
		})
		if err := suite.Refused(err, "remove the finalizer orphan"); err != nil {
			t.Errorf("a finalizer of %T: %s", object, err)
		}
		if err := alice.Delete(t.Context(), object, &client.DeleteOptions{PropagationPolicy: &background,
			DryRun: []string{metav1.DryRunAll}}); err != nil {
			t.Errorf("%T with its pods: %s", object, err)
		}
		//nolint:staticcheck // deprecated, but it works
		deleting := &client.DeleteOptions{Raw: &metav1.DeleteOptions{OrphanDependents: &no}, DryRun: []string{metav1.DryRunAll}}
		if err := alice.Delete(t.Context(), object, deleting); err != nil {
			t.Errorf("%T with its pods, by an option: %s", object, err)
		}
	}
	if err := suite.Refused(alice.Delete(t.Context(), launcher, client.DryRunAll), "set propagationPolicy"); err != nil {
		t.Errorf("a Job without a policy: %s", err)
	}
	if err := alice.Delete(t.Context(), mpijob.DeepCopy(), client.DryRunAll); err != nil {
		t.Errorf("an MPIJob without a policy: %s", err)
	}
	created := mpijobtest.MakeMPIJob("dist2", namespace).Obj()
	created.Finalizers = []string{metav1.FinalizerOrphanDependents}
	if err := suite.Refused(alice.Create(t.Context(), created), "remove the finalizer orphan"); err != nil {
		t.Errorf("a finalizer at the beginning: %s", err)
	}
	if err := alice.Delete(t.Context(), &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: product.AddProject(t, "t55-optional",
		optional), Name: "x"}}, client.PropagationPolicy(orphan)); client.IgnoreNotFound(err) != nil {
		t.Errorf("elsewhere: %s", err)
	}
}

// Nobody forgets to say whether a namespace requires identities.
func TestT56Namespaces(t *testing.T) {
	alice := login(t, broker, alices)
	namespace := func(labels map[string]string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "runai-t56-", Labels: labels}}
	}
	label := config.Default().ProjectLabel
	old := suite.Create(t, product.Client, namespace(map[string]string{label: "t56"}))
	applyBackstop(t, "namespaces")
	const reason = "must have the label run.ai/identity"
	suite.Eventually(t, "the policies are active", suite.Soon, func() error {
		return suite.Refused(alice.Create(t.Context(), namespace(map[string]string{label: "t56"}), client.DryRunAll), reason)
	})
	if err := suite.Refused(alice.Create(t.Context(), namespace(map[string]string{label: "t56", "run.ai/identity": "required"})),
		reason); err != nil {
		t.Errorf("another value: %s", err)
	}
	for _, value := range []string{"Required", "Optional", "Disabled"} {
		if err := alice.Create(t.Context(), namespace(map[string]string{label: "t56", "run.ai/identity": value}),
			client.DryRunAll); err != nil {
			t.Errorf("%s: %s", value, err)
		}
	}
	stored := suite.Create(t, alice, namespace(map[string]string{label: "t56", "run.ai/identity": "Required"}))
	changed := stored.DeepCopy()
	delete(changed.Labels, "run.ai/identity")
	if err := suite.Refused(alice.Update(t.Context(), changed.DeepCopy(), client.DryRunAll), reason); err != nil {
		t.Errorf("without the label: %s", err)
	}
	if err := suite.Refused(alice.SubResource("status").Update(t.Context(), changed.DeepCopy(), client.DryRunAll), reason); err != nil {
		t.Errorf("without the label, with a status: %s", err)
	}
	delete(changed.Labels, label)
	if err := alice.Update(t.Context(), changed, client.DryRunAll); err != nil {
		t.Errorf("without a project: %s", err)
	}
	changed = suite.Create(t, alice, namespace(nil)).DeepCopy()
	changed.Labels[label] = "t56"
	if err := suite.Refused(alice.Update(t.Context(), changed, client.DryRunAll), reason); err != nil {
		t.Errorf("a namespace that becomes a project's: %s", err)
	}
	old.Annotations = map[string]string{"a": "b"}
	if err := alice.Update(t.Context(), old.DeepCopy(), client.DryRunAll); err != nil {
		t.Errorf("an older namespace: %s", err)
	}
	old.Labels[label] = "another"
	if err := suite.Refused(alice.Update(t.Context(), old, client.DryRunAll), reason); err != nil {
		t.Errorf("an older namespace that changes its project: %s", err)
	}
}

// The proxy of a Service does not lead around the rule of sessions.
func TestT57Proxies(t *testing.T) {
	namespace, user := product.AddProject(t, "t57", required), tokenOf(t, alices)
	elsewhere := product.AddProject(t, "t57-optional", optional)
	applyBackstop(t, "proxies")
	clients, err := kubernetes.NewForConfig(user.Config)
	if err != nil {
		t.Fatal(err)
	}
	connect := func(namespace, verb string) error {
		return clients.CoreV1().RESTClient().Verb(verb).Namespace(namespace).Resource("services").Name("x:80").SubResource("proxy").
			MaxRetries(0).Do(t.Context()).Error()
	}
	const reason = "the proxy of a Service is not allowed"
	suite.Eventually(t, "the policies are active", suite.Soon, func() error { return suite.Refused(connect(namespace, "GET"), reason) })
	if err := suite.Refused(connect(namespace, "POST"), reason); err != nil {
		t.Error(err)
	}
	if err := connect(elsewhere, "GET"); suite.Refused(err, reason) == nil {
		t.Errorf("elsewhere: %s", err)
	}
}
