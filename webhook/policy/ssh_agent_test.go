package policy

import (
	"slices"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// An author who chooses how mpirun calls ssh has it so, and keeps the port of the image.
func TestOwnAgents(t *testing.T) {
	for name, test := range map[string]struct {
		implementation v2beta1.MPIImplementation
		variable       corev1.EnvVar
		args           []string
		own            bool
		keepsPort      bool
	}{
		"none":                         {},
		"Open MPI 4":                   {variable: corev1.EnvVar{Name: "OMPI_MCA_plm_rsh_agent", Value: "ssh -q"}, own: true, keepsPort: true},
		"an older name":                {variable: corev1.EnvVar{Name: "OMPI_MCA_pls_rsh_agent", Value: "ssh"}, own: true, keepsPort: true},
		"the oldest name":              {variable: corev1.EnvVar{Name: "OMPI_MCA_orte_rsh_agent", Value: "rsh"}, own: true, keepsPort: true},
		"Open MPI 5":                   {variable: corev1.EnvVar{Name: "PRTE_MCA_prte_ssh_agent", Value: "/opt/ssh"}, own: true, keepsPort: true},
		"from a Secret":                {variable: corev1.EnvVar{Name: "PRTE_MCA_plm_ssh_agent", ValueFrom: &corev1.EnvVarSource{}}, own: true, keepsPort: true},
		"another component":            {variable: corev1.EnvVar{Name: "OMPI_MCA_plm", Value: "slurm"}, own: true, keepsPort: true},
		"the same component":           {variable: corev1.EnvVar{Name: "OMPI_MCA_plm", Value: "rsh"}},
		"MPICH":                        {implementation: "MPICH", variable: corev1.EnvVar{Name: "HYDRA_BOOTSTRAP_EXEC", Value: "ssh"}, own: true, keepsPort: true},
		"ssh of MPICH":                 {implementation: "MPICH", variable: corev1.EnvVar{Name: "HYDRA_LAUNCHER", Value: "ssh"}},
		"Intel MPI":                    {implementation: "Intel", variable: corev1.EnvVar{Name: "I_MPI_HYDRA_BOOTSTRAP", Value: "rsh2"}, own: true, keepsPort: true},
		"an option of mpirun":          {args: []string{"mpirun", "--mca", "plm_rsh_agent", "x", "a"}, keepsPort: true},
		"an option of hydra":           {args: []string{"mpiexec", "-launcher-exec", "x", "a"}, keepsPort: true},
		"a port for ssh":               {args: []string{"mpirun", "--mca", "plm_rsh_args", "-p 2022", "a"}, keepsPort: true},
		"a port for ssh in a shell":    {args: []string{"sh", "-c", "mpirun --prtemca plm_ssh_args '-o Port=2022' a"}, keepsPort: true},
		"a port for ssh in a variable": {variable: corev1.EnvVar{Name: "OMPI_MCA_plm_rsh_args", Value: "-p 2022"}, keepsPort: true},
		"a port of a program":          {args: []string{"mpirun", "serve", "-p", "2022"}},
		"other options of ssh":         {args: []string{"mpirun", "--mca", "plm_rsh_args", "-q -4", "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			job := mpijobtest.MakeMPIJob("a", "b").Both(func(template *corev1.PodTemplateSpec) { template.Spec.HostNetwork = true }).
				Template(mpijob.Launcher, func(template *corev1.PodTemplateSpec) {
					main := &template.Spec.Containers[0]
					main.Args = test.args
					if test.variable.Name != "" {
						main.Env = []corev1.EnvVar{test.variable}
					}
				}).Obj()
			if test.implementation != "" {
				job.Spec.MPIImplementation = test.implementation
			}
			if errs := ensureSSH(job, Input{Cluster: config.Default(), Project: &v1alpha1.Project{}}); len(errs) > 0 {
				t.Fatal(errs)
			}
			launcher, _ := mpijob.TemplateOf(job, mpijob.Launcher)
			worker, _ := mpijob.TemplateOf(job, mpijob.Worker)
			ours := slices.ContainsFunc(launcher.Main().Env, func(v corev1.EnvVar) bool { return v.Value == agentFile })
			declared := slices.ContainsFunc(worker.Main().Ports, func(p corev1.ContainerPort) bool { return p.ContainerPort == 2222 })
			if ours == test.own || declared == test.keepsPort {
				t.Errorf("our agent: %t, our port: %t", ours, declared)
			}
		})
	}
}
