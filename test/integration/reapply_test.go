package integration

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// policyChanges are changes after which the same manifest would get something else.
var policyChanges = []string{
	"policy.gitSync.image=example/git-sync:v5",
	"policy.gitSync.defaultTarget=/source",
	"policy.scheduling.schedulerName=another",
	"policy.scheduling.queueLabel=kueue.x-k8s.io/queue-name",
	"policy.nodeTypeLabel=example.com/node-type",
	"policy.gpu.resourceName=amd.com/gpu",
	"policy.ssh.port=2345",
	"policy.start.gate=false",
	"policy.largeShm.maxSize=64Gi",
	"policy.identity.minUID=2000000",
	"policy.restrictions.hostIPC=Deny",
}

// A manifest that is applied again after a change of the policy changes nothing and is not refused, however it
// is applied: continuous deployment does it all the time.
func TestManifestAppliedAgainAfterAChange(t *testing.T) {
	namespace := product.AddProject(t, "reapply", v1alpha1.ProjectSpec{NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"dgx"}}})
	alice := as(t, "saml:alice", claims)
	ways := map[string][]string{
		"applied":            {"apply", "-f", "-"},
		"server-side":        {"apply", "--server-side", "-f", "-"},
		"replaced":           {"replace", "-f", "-"},
		"applied-as-another": {"apply", "-f", "-"},
	}
	for name := range ways {
		if name == "replaced" {
			suite.Kubectl(t, alice, manifestOf(t, namespace, name), "create", "-f", "-")
		} else {
			suite.Kubectl(t, alice, manifestOf(t, namespace, name), ways[name]...)
		}
	}
	bob := as(t, "saml:bob", map[string][]string{"run.ai/uid": {"1001"}, "run.ai/gid": {"1001"}})
	tryAll := func(after string) {
		for name, way := range ways {
			before, user := product.Job(t, namespace, name), alice
			if name == "applied-as-another" {
				user = bob
			}
			if _, stderr, err := user.Kubectl(t.Context(), strings.NewReader(manifestOf(t, namespace, name)), way...); err != nil {
				t.Errorf("%s after %s: %s%s", name, after, stderr, err)
			}
			now := product.Job(t, namespace, name)
			if diff := cmp.Diff(comparable(before), comparable(now)); diff != "" {
				t.Errorf("%s after %s (-before +now):\n%s", name, after, diff)
			}
		}
	}
	tryAll("nothing")
	for _, change := range policyChanges {
		product.Upgrade(t, "--set", change)
		tryAll(change)
	}
	project := &v1alpha1.Project{}
	if err := product.Client.Get(t.Context(), client.ObjectKey{Name: "reapply"}, project); err != nil {
		t.Fatal(err)
	}
	project.Spec = v1alpha1.ProjectSpec{
		Queue: "another", Identity: v1alpha1.IdentityDisabled, NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"t4"}},
	}
	if err := product.Client.Update(t.Context(), project); err != nil {
		t.Fatal(err)
	}
	tryAll("a change of the project")
}

// comparable returns what applying a manifest must not change.
func comparable(job *v2beta1.MPIJob) *v2beta1.MPIJob {
	job.ManagedFields, job.ResourceVersion, job.Generation, job.Status = nil, "", 0, v2beta1.JobStatus{}
	delete(job.Annotations, "kubectl.kubernetes.io/last-applied-configuration")
	return job
}

func manifestOf(t *testing.T, namespace, name string) string {
	t.Helper()
	job := mpijobtest.MakeMPIJob(name, namespace).Workers(2).
		Annotation(annotations.RunAsUserKey, "true").Annotation(annotations.GPUKey, "2").Annotation(annotations.LargeShmKey, "true").
		Annotation(annotations.InteractiveKey, "false").Annotation(annotations.GitSyncKey, "source=https://git.example.com/code").Obj()
	job.TypeMeta = metav1.TypeMeta{APIVersion: v2beta1.SchemeGroupVersion.String(), Kind: v2beta1.Kind}
	text, err := yaml.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A stored job that somebody exports, renames and scales is admitted, for its owner and for another user.
func TestExportedJobIsAdmitted(t *testing.T) {
	namespace := product.AddProject(t, "export", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired})
	alice, workers := as(t, "saml:alice", claims), int32(5)
	suite.Kubectl(t, alice, manifestOf(t, namespace, "first"), "create", "-f", "-")
	bob := as(t, "saml:bob", map[string][]string{"run.ai/uid": {"1001"}, "run.ai/gid": {"1001"}})
	for name, user := range map[string]client.Client{"again": product.ClientOf(t, alice), "another": product.ClientOf(t, bob)} {
		exported := comparable(product.Job(t, namespace, "first"))
		exported.Name, exported.UID = name, ""
		exported.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Replicas = &workers
		if err := user.Create(t.Context(), exported); err != nil {
			t.Errorf("%s: %s", name, err)
			continue
		}
		launcher := product.Job(t, namespace, name).Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeLauncher].Template
		if workers := launcher.Annotations[annotations.WorkersKey]; workers != "5" {
			t.Errorf("%s: the launcher is told of %q workers", name, workers)
		}
	}
}
