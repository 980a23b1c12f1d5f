package forgery

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

func withIDs(uid, gid int64, groups ...int64) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		security := p.Spec.SecurityContext
		security.RunAsUser, security.RunAsGroup, security.SupplementalGroups = &uid, &gid, groups
	}
}

// People make pods only with their own ids, or with those of one entry of the namespace.
func TestT48IDs(t *testing.T) {
	namespace, alice, bob := product.AddProject(t, "t48", required), login(t, broker, alices), login(t, broker, bobs)
	allow(t, namespace, "7001:7002 7003:7004:7005,7006 07007:7007 7008 7009:7009: 0:0 7010:7010:x")
	applyBackstop(t, "ids")
	const reason, groups = "must be your own UID and GID", "must be your own groups"
	pod := confinedPod(namespace)
	tryPods(t, alice, pod, []podAttempt{
		{"the uid of a colleague", withIDs(1001, 54000), reason},
		{"the gid of a colleague", withIDs(1234567, 1001), reason},
		{"one's group as gid", withIDs(1234567, 60001), reason},
		{"a group of a colleague", withIDs(1234567, 54000, 1001), groups},
		{"one's uid as a group", withIDs(1234567, 54000, 1234567), groups},
		{"no ids", func(p *corev1.Pod) { p.Spec.SecurityContext = nil }, reason},
		{"root", withIDs(0, 0), reason},
		{"one's uid with the gid of an entry", withIDs(1234567, 7002), reason},
		{"the uid of one entry with the gid of another", withIDs(7001, 7004), reason},
		{"the groups of another entry", withIDs(7001, 7002, 7005), groups},
		{"an entry with one's own groups", withIDs(7001, 7002, 60001), groups},
		{"a malformed entry", withIDs(7007, 7007), reason},
		{"an entry that ends early", withIDs(7009, 7009), reason},
		{"an entry with something else", withIDs(7010, 7010), reason},
	})
	accepts(t, alice, pod, map[string]func(*corev1.Pod){
		"fewer groups": withIDs(1234567, 54000, 60001), "one's gid as a group": withIDs(1234567, 54000, 54000),
		"an entry": withIDs(7001, 7002), "an entry with groups": withIDs(7003, 7004, 7006, 7005),
	})
	accepts(t, bob, pod, map[string]func(*corev1.Pod){"bob's ids": withIDs(1001, 1001)})
	accepts(t, as(t, kueue), pod, map[string]func(*corev1.Pod){"a controller": withIDs(1001, 1001)})
	for name, claims := range map[string]map[string]any{
		"no claims": {"preferred_username": "carol", "sub": "c-3"},
		"no gid":    {"preferred_username": "carol", "sub": "c-3", "posix_uid": 1234567},
	} {
		if err := suite.Refused(login(t, broker, claims).Create(t.Context(), pod.DeepCopy(), client.DryRunAll), reason); err != nil {
			t.Errorf("%s: %s", name, err)
		}
	}
	for name, claims := range map[string]map[string]any{
		"two uids": {"uid": []string{"1234567", "1001"}, "gid": "54000"}, "hexadecimal": {"uid": "0x12d687", "gid": "54000"},
		"an exponent": {"uid": "1234567e0", "gid": "54000"}, "too large": {"uid": "1234567", "gid": "54000",
			"supplementary": []string{"4294967296"}},
		"a group of the system": {"uid": "1234567", "gid": "54000", "supplementary": []string{"999"}},
	} {
		claims["preferred_username"], claims["sub"] = "carol", "c-3"
		if err := suite.Refused(login(t, careless, claims).Create(t.Context(), withoutGroups(pod), client.DryRunAll), reason); err != nil {
			t.Errorf("%s: %s", name, err)
		}
	}
	own := map[string]any{"preferred_username": "carol", "sub": "c-3", "uid": "1234567", "gid": "54000"}
	if err := login(t, careless, own).Create(t.Context(), withoutGroups(pod), client.DryRunAll); err != nil {
		t.Errorf("a trusted source: %s", err)
	}
	if err := suite.Refused(login(t, stranger, own).Create(t.Context(), withoutGroups(pod), client.DryRunAll), reason); err != nil {
		t.Errorf("a source that is not trusted: %s", err)
	}
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "tried", Namespace: namespace}}
	job.Spec.Template.Spec = *confinedPod(namespace).Spec.DeepCopy()
	job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	suspend := true
	job.Spec.Suspend = &suspend
	suite.Create(t, alice, job)
	job.ResourceVersion = "" // the Job's controller writes its status meanwhile
	job.Labels = map[string]string{"a": "b"}
	if err := bob.Update(t.Context(), job.DeepCopy(), client.DryRunAll); err != nil {
		t.Errorf("an update that leaves the template as it is: %s", err)
	}
	job.Spec.Template.Spec.NodeSelector = map[string]string{"a": "b"}
	if err := suite.Refused(bob.Update(t.Context(), job.DeepCopy(), client.DryRunAll), reason); err != nil {
		t.Errorf("an update of a colleague's template: %s", err)
	}
	if err := alice.Update(t.Context(), job, client.DryRunAll); err != nil {
		t.Errorf("an update of one's own template: %s", err)
	}
}

// allow writes the ids that everybody may use in a namespace.
func allow(t *testing.T, namespace, identities string) {
	t.Helper()
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if err := product.Client.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
		t.Fatal(err)
	}
	metav1.SetMetaDataAnnotation(&object.ObjectMeta, annotations.PodIdentitiesKey, identities)
	if err := product.Client.Update(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

func withoutGroups(pod *corev1.Pod) *corev1.Pod {
	own := pod.DeepCopy()
	own.Spec.SecurityContext.SupplementalGroups = nil
	return own
}
