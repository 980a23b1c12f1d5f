package mpijob_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

func TestMountsBelowReadOnlyMounts(t *testing.T) {
	claim := corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "a"}}
	settings := func(files ...string) corev1.VolumeSource {
		source := &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "a"}}
		for _, file := range files {
			source.Items = append(source.Items, corev1.KeyToPath{Key: "a", Path: file})
		}
		return corev1.VolumeSource{ConfigMap: source}
	}
	for name, test := range map[string]struct {
		outer         corev1.VolumeSource
		mounts        []corev1.VolumeMount
		refuse, warns bool
	}{
		"side by side":               {settings(), []corev1.VolumeMount{{Name: "outer", MountPath: "/a"}, {Name: "inner", MountPath: "/a-b/c/d"}}, false, false},
		"in a directory of keys":     {settings(), []corev1.VolumeMount{{Name: "outer", MountPath: "/a"}, {Name: "inner", MountPath: "/a/b/c"}}, true, false},
		"in another order":           {settings(), []corev1.VolumeMount{{Name: "inner", MountPath: "a/b/c/"}, {Name: "outer", MountPath: "/a"}}, true, false},
		"perhaps a key":              {settings(), []corev1.VolumeMount{{Name: "outer", MountPath: "/a"}, {Name: "inner", MountPath: "/a/b"}}, false, true},
		"a file that exists":         {settings("b", "c/d"), []corev1.VolumeMount{{Name: "outer", MountPath: "/a"}, {Name: "inner", MountPath: "/a/b"}}, false, false},
		"a directory that exists":    {settings("b", "c/d"), []corev1.VolumeMount{{Name: "outer", MountPath: "/a"}, {Name: "inner", MountPath: "/a/c"}}, false, false},
		"a file that does not":       {settings("b", "c/d"), []corev1.VolumeMount{{Name: "outer", MountPath: "/a"}, {Name: "inner", MountPath: "/a/e"}}, true, false},
		"a claim":                    {claim, []corev1.VolumeMount{{Name: "outer", MountPath: "/a", ReadOnly: true}, {Name: "inner", MountPath: "/a/b/c"}}, false, true},
		"a writable claim":           {claim, []corev1.VolumeMount{{Name: "outer", MountPath: "/a"}, {Name: "inner", MountPath: "/a/b"}}, false, false},
		"a writable one between":     {settings(), []corev1.VolumeMount{{Name: "outer", MountPath: "/a"}, {Name: "inner", MountPath: "/a/b"}, {Name: "inner", MountPath: "/a/b/c/d"}}, false, true},
		"beside the operator's":      {claim, []corev1.VolumeMount{{Name: "inner", MountPath: "/etc/mpi.d"}}, false, false},
		"in the operator's hosts":    {claim, []corev1.VolumeMount{{Name: "inner", MountPath: "/etc/mpi/more"}}, true, false},
		"in the operator's keys":     {claim, []corev1.VolumeMount{{Name: "inner", MountPath: "/root/.ssh/config", SubPath: "config"}}, true, false},
		"over one of the keys":       {claim, []corev1.VolumeMount{{Name: "inner", MountPath: "/root/.ssh/id_rsa", SubPath: "id_rsa"}}, false, false},
		"around the operator's":      {claim, []corev1.VolumeMount{{Name: "outer", MountPath: "/root", ReadOnly: true}}, false, true},
		"keys around the operator's": {settings(), []corev1.VolumeMount{{Name: "outer", MountPath: "/"}}, true, false},
	} {
		job := mpijobtest.MakeMPIJob("job", "a").Template(mpijob.Launcher, func(template *corev1.PodTemplateSpec) {
			template.Spec.Volumes = []corev1.Volume{{Name: "outer", VolumeSource: test.outer}, {Name: "inner", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
			template.Spec.Containers[0].VolumeMounts = test.mounts
		}).Obj()
		errs, warnings := mpijob.CheckMounts(job)
		if (len(errs) > 0) != test.refuse || (len(warnings) > 0) != test.warns {
			t.Errorf("%s: refused %v, warned %v", name, errs, warnings)
		}
	}
}
