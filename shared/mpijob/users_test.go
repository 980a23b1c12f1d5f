package mpijob_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// The kubelet compares the uid and runAsNonRoot of the container, or else of the pod.
func TestRootThatMustNotBe(t *testing.T) {
	yes, no, root, other := true, false, int64(0), int64(1000)
	for name, test := range map[string]struct {
		podUID     *int64
		podNonRoot *bool
		uid        *int64
		nonRoot    *bool
		refuse     bool
	}{
		"nothing":                      {},
		"root":                         {uid: &root},
		"not root":                     {podNonRoot: &yes},
		"another uid":                  {podNonRoot: &yes, podUID: &other},
		"of the pod":                   {podNonRoot: &yes, podUID: &root, refuse: true},
		"of the container":             {nonRoot: &yes, uid: &root, refuse: true},
		"of both":                      {podNonRoot: &yes, uid: &root, refuse: true},
		"the container may be root":    {podNonRoot: &yes, podUID: &root, nonRoot: &no},
		"the container is not root":    {podNonRoot: &yes, podUID: &root, uid: &other},
		"root of the pod, container's": {podUID: &root, nonRoot: &yes, refuse: true},
	} {
		job := mpijobtest.MakeMPIJob("a", "b").Template(mpijob.Worker, func(template *corev1.PodTemplateSpec) {
			template.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: test.podUID, RunAsNonRoot: test.podNonRoot}
			template.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{RunAsUser: test.uid, RunAsNonRoot: test.nonRoot}
		}).Obj()
		if errs := mpijob.ValidateUsers(job); (len(errs) > 0) != test.refuse {
			t.Errorf("%s: got %v", name, errs)
		}
	}
}
