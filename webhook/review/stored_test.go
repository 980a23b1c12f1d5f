package review

import (
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// Who submits a stored job again is taken from its stamp and from today's directory. If neither says it, the job is
// refused only for what nobody may do.
func TestAgain(t *testing.T) {
	reviewer := Reviewer{Cluster: config.Default(), Version: "(test)"}
	reviewer.Cluster.Identity.Sources = []config.IdentitySource{config.SourceClaims, config.SourceDirectory}
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	entries := map[string][]v1alpha1.PosixIdentity{
		"saml:alice": {{Spec: v1alpha1.PosixIdentitySpec{Subject: "saml:alice", UID: 1001, GID: 1002}}},
		"saml:late":  {{Spec: v1alpha1.PosixIdentitySpec{Subject: "saml:late", UID: 1003, GID: 1003, NotAfter: &metav1.Time{Time: now.AddDate(0, 0, -1)}}}},
	}
	const ids = `,"identity":{"uid":1007,"gid":1007,"userName":"x","home":"/home/x","source":"%"}}`
	stamp := func(user, source string) string {
		if source == "" {
			return `{"username":"` + user + `"}`
		}
		return `{"username":"` + user + `"` + strings.Replace(ids, "%", source, 1)
	}
	for _, test := range []struct {
		name, stamp string
		uid         int64 // 0: unknown
		anonymous   bool
		unknown     string
	}{
		{"no stamp", "", AnonymousID, true, ""},
		{"a broken stamp", "{", AnonymousID, true, ""},
		{"a stamp without an identity", stamp("saml:bob", ""), AnonymousID, true, ""},
		{"ids from claims", stamp("saml:bob", "Claims"), 1007, false, ""},
		{"ids from claims of somebody who is in the directory", stamp("saml:alice", "Claims"), 1007, false, ""},
		{"ids from the directory that have changed", stamp("saml:alice", "Directory"), 1001, false, ""},
		{"in the directory since then", stamp("saml:alice", ""), 1001, false, ""},
		{"an entry that has ended", stamp("saml:late", "Directory"), 0, false, "expired"},
		{"an entry that is gone", stamp("saml:bob", "Directory"), 0, false, "has no UID and GID for saml:bob"},
	} {
		t.Run(test.name, func(t *testing.T) {
			job := mpijobtest.MakeMPIJob("dist1", "runai-team-a").Annotation(annotations.RunAsUserKey, "true")
			if test.stamp != "" {
				job = job.Annotation(annotations.SubmittedByKey, test.stamp)
			}
			facts := NamespaceFacts{Project: &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}}}
			request, anonymous := reviewer.Again(job.Obj(), facts, entries, now)
			found := request.Submitter
			switch {
			case anonymous != test.anonymous:
				t.Errorf("anonymous: %t", anonymous)
			case test.uid == 0 && (found.Unknown == nil || !strings.Contains(found.Unknown.Error(), test.unknown)):
				t.Errorf("got %+v, %v", found.Identity, found.Unknown)
			case test.uid != 0 && (found.Identity == nil || found.Identity.UID != test.uid):
				t.Errorf("got %+v, %v", found.Identity, found.Unknown)
			}
		})
	}
}

// A job that sets ids may be that of a user who has them.
func TestAgainWithIDs(t *testing.T) {
	reviewer := Reviewer{Cluster: config.Default(), Version: "(test)"}
	project := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}, Spec: v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired}}
	for name, test := range map[string]struct {
		launcher, worker int64
		refused          bool
	}{
		"one uid": {1001, 1001, false}, "one role": {0, 1001, false}, "two uids": {1001, 1002, true}, "none": {0, 0, false},
	} {
		job := mpijobtest.MakeMPIJob("dist1", "runai-team-a").Obj()
		for role, uid := range map[string]int64{"Launcher": test.launcher, "Worker": test.worker} {
			if uid != 0 {
				job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaType(role)].Template.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{RunAsUser: &uid}
			}
		}
		request, anonymous := reviewer.Again(job, NamespaceFacts{Project: project}, nil, time.Now())
		if preview := reviewer.Preview(job, request); !anonymous || len(preview.Refusals) > 0 != test.refused {
			t.Errorf("%s: anonymous: %t, %v", name, anonymous, preview.Refusals)
		}
	}
}

// A preview changes nothing, and an admitted job that is created again is unchanged under the same policy only.
func TestPreview(t *testing.T) {
	reviewer := Reviewer{Cluster: config.Default(), Version: "(test)"}
	request := Request{NamespaceFacts: NamespaceFacts{Project: &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}}}}
	job := mpijobtest.MakeMPIJob("dist1", "runai-team-a").Annotation(annotations.LargeShmKey, "true").Obj()
	plain := job.DeepCopy()
	if preview := reviewer.Preview(job, request); !preview.Changes() || strings.Join(preview.Policies, " ") != "scheduling ssh launcher-env large-shm start-gate" {
		t.Errorf("got %+v", preview)
	}
	if !equality.Semantic.DeepEqual(plain, job) {
		t.Error("the job was changed")
	}
	if _, errs := reviewer.Create(job, request); len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	if preview := reviewer.Preview(job, request); preview.Changes() || len(preview.Refusals) > 0 {
		t.Errorf("an admitted job: %+v", preview)
	}
	other := Reviewer{Cluster: config.Default(), Version: "(other)"}
	if preview := other.Preview(job, request); preview.Changes() {
		t.Errorf("under another version with the same policy: %+v", preview)
	}
	other.Cluster.Scheduling.SchedulerName = "kai-scheduler"
	if preview := other.Preview(job, request); !preview.Again || len(preview.Policies) > 0 {
		t.Errorf("under another policy: %+v", preview)
	}
}
