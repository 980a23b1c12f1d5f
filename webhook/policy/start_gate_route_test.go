package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

func TestRoutes(t *testing.T) {
	for name, test := range map[string]struct {
		launcher, worker []string
		want             route
	}{
		"mpirun":                          {launcher: []string{"mpirun", "-np", "2", "train"}},
		"mpirun with a path":              {launcher: []string{"/opt/openmpi/bin/mpirun", "train"}},
		"mpirun of a shell":               {launcher: []string{"sh", "-c", "cd /code && mpirun -np 2 ./train"}},
		"hydra":                           {launcher: []string{"mpiexec.hydra", "train"}},
		"mpirun of a variable":            {launcher: []string{"bash", "-c", `exec "mpirun" $ARGS`}},
		"options that choose no port":     {launcher: []string{"mpirun", "-mca", "plm_rsh_no_tree_spawn", "1", "-mca", "plm_rsh_num_concurrent", "300", "train"}},
		"ssh by name":                     {launcher: []string{"mpirun", "-launcher", "ssh", "train"}},
		"the launcher component by name":  {launcher: []string{"mpirun", "--mca", "plm", "rsh", "train"}},
		"arguments of ssh":                {launcher: []string{"mpirun", "--mca", "plm_rsh_args", "-p 2022 -q", "train"}, want: route{arguments: []string{"-p", "2022", "-q"}}},
		"arguments of ssh, Open MPI 5":    {launcher: []string{"mpirun", "--prtemca", "plm_ssh_args", "-p 2022", "train"}, want: route{arguments: []string{"-p", "2022"}}},
		"arguments of ssh in a shell":     {launcher: []string{"sh", "-c", "mpirun --mca plm_rsh_args '-p 2022' train"}, want: route{port: nameOnly}},
		"an agent":                        {launcher: []string{"mpirun", "-mca", "plm_rsh_agent", "/etc/mpi/kubexec.sh"}, want: route{port: nameOnly}},
		"an agent of hydra":               {launcher: []string{"mpiexec", "-launcher-exec", "/opt/rsh", "train"}, want: route{port: nameOnly}},
		"another launcher of hydra":       {launcher: []string{"mpiexec", "-bootstrap", "rsh", "train"}, want: route{port: nameOnly}},
		"another launcher component":      {launcher: []string{"mpirun", "-mca", "plm", "slurm", "train"}, want: route{port: nameOnly}},
		"a file with parameters":          {launcher: []string{"mpirun", "--tune", "/etc/cluster.conf", "train"}, want: route{patience: somePatience}},
		"a script":                        {launcher: []string{"./run.sh"}, want: route{patience: somePatience}},
		"the image's":                     {want: route{patience: somePatience}},
		"horovodrun":                      {launcher: []string{"horovodrun", "-p", "2022", "train"}, want: route{patience: somePatience}},
		"a worker's port":                 {launcher: []string{"./run.sh"}, worker: []string{"/usr/sbin/sshd", "-D", "-p", "2022"}, want: route{port: "2022"}},
		"a worker's port, agent unknown":  {launcher: []string{"mpirun", "-mca", "plm_rsh_agent", "x"}, worker: []string{"sshd", "-D", "-p", "2022"}, want: route{port: "2022"}},
		"a worker's program of one's own": {launcher: []string{"mpirun", "train"}, worker: []string{"sh", "-c", "pip install x && exec /usr/sbin/sshd -De"}},
		"a worker's configuration":        {launcher: []string{"mpirun", "train"}, worker: []string{"/usr/sbin/sshd", "-De", "-f", "/home/mpiuser/.sshd_config"}},
		"a worker's joined port":          {launcher: []string{"./run.sh"}, worker: []string{"/usr/sbin/sshd", "-Dp2022"}, want: route{port: "2022"}},
		"a worker's sshd that debugs":     {launcher: []string{"mpirun", "train"}, worker: []string{"/usr/sbin/sshd", "-ddp", "2022"}, want: route{port: nameOnly}},
		"ssh of a script":                 {launcher: []string{"sh", "-c", "horovodrun --ssh-port 1 -np 2 x; ssh -p 2022 x"}, want: route{port: nameOnly}},
	} {
		t.Run(name, func(t *testing.T) {
			job := mpijobtest.MakeMPIJob("dist1", "ns").
				Template(mpijob.Launcher, func(template *corev1.PodTemplateSpec) { template.Spec.Containers[0].Args = test.launcher }).
				Template(mpijob.Worker, func(template *corev1.PodTemplateSpec) { template.Spec.Containers[0].Command = test.worker }).Obj()
			launcher, _ := mpijob.TemplateOf(job, mpijob.Launcher)
			if diff := cmp.Diff(test.want, routeOf(job, launcher, Input{Cluster: config.Default()}), cmp.AllowUnexported(route{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
