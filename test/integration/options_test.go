package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// Each option has its effect on the main containers of the launcher and the workers, or on their pods.
func TestOptionsReachThePods(t *testing.T) {
	namespace := product.AddProject(t, "options", v1alpha1.ProjectSpec{})
	createNamed(t, namespace)
	main := func(say func(corev1.Container) any) func(corev1.Pod) any {
		return func(pod corev1.Pod) any { return say(pod.Spec.Containers[0]) }
	}
	slots := func(pod corev1.Pod) any { return envOf(pod)["OMPI_MCA_orte_set_default_slots"] }
	words := func(c corev1.Container) any {
		if len(c.Command) > 3 && c.Command[3] == "runai-sshd" {
			return c.Command[3]
		}
		return strings.Join(append(c.Command, c.Args...), " ")
	}
	for i, test := range []struct {
		args             string
		say              func(corev1.Pod) any
		launcher, worker string
	}{
		{"-i example/other", main(func(c corev1.Container) any { return c.Image }), "example/other", "example/other"},
		{"--image-pull-policy never", main(func(c corev1.Container) any { return c.ImagePullPolicy }), "Never", "Never"},
		{"--local-image", main(func(c corev1.Container) any { return c.ImagePullPolicy }), "Never", "Never"},
		{"-e A=b=c", main(func(c corev1.Container) any { return c.Env[0].Name + " " + c.Env[0].Value }), "A b=c", "A b=c"},
		{"-e A=SECRET:token,key", main(func(c corev1.Container) any { return c.Env[0].ValueFrom.SecretKeyRef.Name }), "token", "token"},
		{"--command -- mpirun train", main(words), "mpirun train", "runai-sshd"},
		{"-- mpirun train", main(func(c corev1.Container) any { return strings.Join(c.Args, " ") }), "mpirun train", ""},
		{"--command sh --args -c --args train", main(words), "sh -c train", "runai-sshd"},
		{"--working-dir /code", main(func(c corev1.Container) any { return c.WorkingDir }), "/code", "/code"},
		{"--stdin -t", main(func(c corev1.Container) any { return fmt.Sprint(c.Stdin, c.TTY) }), "true true", "true true"},
		{"--cpu 0.5 --cpu-limit 1", main(func(c corev1.Container) any {
			return c.Resources.Requests.Cpu().String() + " " + c.Resources.Limits.Cpu().String()
		}), "500m 1", "500m 1"},
		{"--memory 1G --memory-limit 2Gi", main(func(c corev1.Container) any {
			return c.Resources.Requests.Memory().String() + " " + c.Resources.Limits.Memory().String()
		}), "1G 2Gi", "1G 2Gi"},
		{"--prevent-privilege-escalation", main(func(c corev1.Container) any { return *c.SecurityContext.AllowPrivilegeEscalation }),
			"false", "false"},
		{"--host-ipc", func(pod corev1.Pod) any { return pod.Spec.HostIPC }, "true", "true"},
		{"--host-network", func(pod corev1.Pod) any { return pod.Spec.HostNetwork }, "true", "true"},
		{"--slots-per-worker 4", slots, "4", ""},
	} {
		t.Run(test.args, func(t *testing.T) {
			name := fmt.Sprintf("option-%d", i)
			submit(t, append([]string{name, "-n", namespace}, strings.Fields(test.args)...)...)
			found := podsOf(t, product.Job(t, namespace, name))
			got := [2]string{fmt.Sprint(test.say(found.launcher)), fmt.Sprint(test.say(found.workers[0]))}
			if diff := cmp.Diff([2]string{test.launcher, test.worker}, got); diff != "" {
				t.Errorf("launcher and worker (-want +got):\n%s", diff)
			}
		})
	}
}
