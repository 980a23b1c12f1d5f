package review

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

func TestEnterPod(t *testing.T) {
	id := func(value int64) *int64 { return &value }
	alice := Submitter{Identity: &annotations.Identity{UID: 1001, GID: 2001, Groups: []int64{2002, 2003}, UserName: "alice"}}
	ids := func(uid, gid *int64, groups ...int64) *corev1.PodSecurityContext {
		return &corev1.PodSecurityContext{RunAsUser: uid, RunAsGroup: gid, SupplementalGroups: groups}
	}
	other := &corev1.SecurityContext{RunAsUser: id(1002)}
	for _, test := range []struct {
		name string
		spec corev1.PodSpec
		user Submitter
		want string // in the error; "": none
	}{
		{"own", corev1.PodSpec{SecurityContext: ids(id(1001), id(2001), 2002, 2003)}, alice, ""},
		{"fewer groups", corev1.PodSpec{SecurityContext: ids(id(1001), id(2001), 2001)}, alice, ""},
		{"uid", corev1.PodSpec{SecurityContext: ids(id(1002), id(2001))}, alice, "pod p runs as uid=1002 gid=2001, and you are uid=1001(alice) gid=2001"},
		{"gid", corev1.PodSpec{SecurityContext: ids(id(1001), id(2002))}, alice, "pod p runs as uid=1001 gid=2002"},
		{"group", corev1.PodSpec{SecurityContext: ids(id(1001), id(2001), 2002, 2004)}, alice, "runs with group 2004"},
		{"fsGroup", corev1.PodSpec{SecurityContext: &corev1.PodSecurityContext{RunAsUser: id(1001), RunAsGroup: id(2001), FSGroup: id(2004)}}, alice,
			"runs with group 2004"},
		{"own fsGroup", corev1.PodSpec{SecurityContext: &corev1.PodSecurityContext{RunAsUser: id(1001), RunAsGroup: id(2001), FSGroup: id(2002)}}, alice, ""},
		{"nothing", corev1.PodSpec{}, alice, "does not set its uid and gid"},
		{"no uid", corev1.PodSpec{SecurityContext: ids(nil, id(2001))}, alice, "does not set its uid and gid"},
		{"no gid", corev1.PodSpec{SecurityContext: ids(id(1001), nil)}, alice, "does not set its uid and gid"},
		{"nobody", corev1.PodSpec{SecurityContext: ids(id(1001), id(2001))}, Submitter{Unknown: errors.New("no UID")}, "no UID"},
		{
			"container", corev1.PodSpec{SecurityContext: ids(id(1001), id(2001)), Containers: []corev1.Container{{Name: "a"}, {Name: "b", SecurityContext: other}}},
			alice, "container b of pod p",
		},
		{
			"init container", corev1.PodSpec{SecurityContext: ids(id(1001), id(2001)), InitContainers: []corev1.Container{{Name: "i", SecurityContext: other}}},
			alice, "container i of pod p",
		},
		{
			"ephemeral container", corev1.PodSpec{SecurityContext: ids(id(1001), id(2001)), EphemeralContainers: []corev1.EphemeralContainer{
				{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "e", SecurityContext: &corev1.SecurityContext{RunAsGroup: id(1)}}},
			}},
			alice, "container e of pod p",
		},
		{
			"the same ids", corev1.PodSpec{SecurityContext: ids(id(1001), id(2001)), Containers: []corev1.Container{
				{Name: "a", SecurityContext: &corev1.SecurityContext{RunAsUser: id(1001), RunAsGroup: id(2001)}},
			}},
			alice, "",
		},
	} {
		pod := &corev1.Pod{Spec: test.spec}
		pod.Name = "p"
		err := EnterPod(pod, test.user)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}
