package chart

import (
	"slices"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
)

// The Job of doctor reads, but no Secrets, and knows in which form the backstop is installed.
func TestDoctor(t *testing.T) {
	objects := render(t, "--set", "doctor.enabled=true", "--set", "doctor.administrators={hpc-admins,CN=a}")
	for _, rule := range clusterRole(t, objects, "runai-mpi-doctor").Rules {
		readsSecrets := slices.Contains(rule.Resources, "secrets") || slices.Contains(rule.Resources, "*")
		if !slices.Equal(rule.Verbs, []string{"list"}) || readsSecrets {
			t.Errorf("doctor may %v", rule)
		}
	}
	arguments := func(args ...string) []string {
		job := find[batchv1.CronJob](t, render(t, append(args, "--set", "doctor.enabled=true")...), "CronJob", "runai-mpi-doctor")
		return job.Spec.JobTemplate.Spec.Template.Spec.Containers[0].Args
	}
	if got := arguments("--set", "doctor.administrators={hpc-admins,all of us}"); !slices.Equal(got, []string{
		"doctor", "--backstop=objects", "--administrators=hpc-admins", "--administrators=all of us",
	}) {
		t.Errorf("the arguments are %q", got)
	}
	if got := arguments("--set", "backstop.files=true"); !slices.Contains(got, "--backstop=files") {
		t.Errorf("the arguments are %q", got)
	}
}
