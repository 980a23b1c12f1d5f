package integration

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
)

// runai prints the cluster's refusals in terms of its flags, one line for each cause.
func TestRefusalsNameFlags(t *testing.T) {
	namespace := product.AddProject(t, "strict", v1alpha1.ProjectSpec{
		NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"dgx", "a100"}},
		Restrictions: v1alpha1.Restrictions{HostNetwork: v1alpha1.Deny},
	})
	for _, test := range []struct {
		args string
		want []string
	}{
		{"-g 0.5", []string{"--gpu 0.5: fractional GPUs are not enabled on this cluster: request a whole number of GPUs"}},
		{"--gpu-memory 20M", []string{"--gpu-memory 20M: GPU memory cannot be requested on this cluster: use --gpu with a whole number"}},
		{"--node-type t4", []string{"--node-type t4 is not a node type of project strict for training jobs: must be dgx or a100"}},
		{"--host-network", []string{
			"--host-network is not allowed in project strict: " +
				"remove it, or ask your administrator to set restrictions.hostNetwork to Allow",
		}},
		{"-g 0.5 --node-type t4 --host-network -n " + namespace, []string{
			"--node-type t4 is not a node type of project strict for training jobs: must be dgx or a100",
			"--gpu 0.5: fractional GPUs are not enabled on this cluster: request a whole number of GPUs",
			"--host-network is not allowed in project strict: " +
				"remove it, or ask your administrator to set restrictions.hostNetwork to Allow",
		}},
	} {
		t.Run(test.args, func(t *testing.T) {
			args := append([]string{"submit-mpi", "dist1", "-p", "strict", "-i", "x"}, strings.Fields(test.args)...)
			stdout, stderr, code := product.Runai(t, args...)
			if want := "runai: " + strings.Join(test.want, "\nrunai: ") + "\n"; stderr != want || stdout != "" || code != 1 {
				t.Errorf("exit code %d, stdout %q\ngot  %swant %s", code, stdout, stderr, want)
			}
		})
	}
	if left := product.Jobs(t, namespace); len(left) > 0 {
		t.Errorf("%d jobs are left", len(left))
	}
}

// kubectl prints the same causes, with the paths of annotations and fields.
func TestRefusalsOfKubectl(t *testing.T) {
	namespace := product.AddProject(t, "manifests", dgx)
	for _, test := range []struct {
		name, replace, by string
		want              []string
	}{
		{"an unknown annotation", `run.ai/large-shm: 1Gi`, `run.ai/large-shn: 1Gi`,
			[]string{"metadata.annotations[run.ai/large-shn]: Forbidden: unknown annotation; did you mean run.ai/large-shm?"}},
		{"another project", `run.ai/project: same`, `run.ai/project: other`,
			[]string{`metadata.annotations[run.ai/project]: Invalid value: "other": ` +
				`namespace runai-manifests belongs to project "manifests", not "other"`}},
		{"a contradiction", "resources: {}", "resources: {limits: {nvidia.com/gpu: 1}}",
			[]string{`resources.limits[nvidia.com/gpu]: Invalid value: "1": conflicts with run.ai/gpu, which sets 2: ` +
				`remove this field or set it to 2`}},
		{"a field that cannot be decoded", "slotsPerWorker: 2", `slotsPerWorker: "two"`,
			[]string{`spec.slotsPerWorker: Invalid value: "\"two\"": must be a whole number, without quotes`}},
		{"a quantity that cannot be decoded", "resources: {}", "resources: {limits: {cpu: lots}}",
			[]string{`spec.mpiReplicaSpecs[Worker].template.spec.containers[0].resources.limits[cpu]: ` +
				`Invalid value: "\"lots\"": must be a quantity`}},
		{"several", `run.ai/gpu: "2"`, "run.ai/gpu: NaN\n    run.ai/gpu-memory: \"0\"",
			[]string{`metadata.annotations[run.ai/gpu]: Invalid value: "NaN": must be a whole number`,
				`metadata.annotations[run.ai/gpu-memory]: Invalid value: "0": must be above 0`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			manifest := strings.ReplaceAll(annotated, "project: same", "project: manifests")
			manifest = strings.Replace(manifest, `value: "1"}]}`+"\n", `value: "1"}], resources: {}}`+"\n", 1)
			replaced := strings.Replace(manifest, strings.ReplaceAll(test.replace, "project: same", "project: manifests"), test.by, 1)
			if replaced == manifest {
				t.Fatalf("the manifest has no %q", test.replace)
			}
			_, stderr, err := product.Kubectl(t.Context(), strings.NewReader(replaced), "create", "-n", namespace, "-f", "-")
			if err == nil {
				t.Fatal("the job was created")
			}
			for _, want := range test.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("%s\ndoes not contain %s", stderr, want)
				}
			}
		})
	}
	if left := product.Jobs(t, namespace); len(left) > 0 {
		t.Errorf("%d jobs are left", len(left))
	}
}

func TestProjectsAndNamespaces(t *testing.T) {
	product.AddProject(t, "labelled", v1alpha1.ProjectSpec{})
	for namespace, project := range map[string]string{"by-label": "single", "first": "several", "second": "several"} {
		product.AddNamespace(t, namespace, map[string]string{"runai/queue": project})
	}
	for _, name := range []string{"single", "several"} {
		product.Create(t, &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	for _, test := range []struct {
		args, stdout, stderr string
	}{
		{"-p labelled", "mpijob.kubeflow.org/dist1\n", ""},
		{"-p single", "mpijob.kubeflow.org/dist1\n", ""},
		{"-p several", "", "runai: project \"several\" has the namespaces first, second: select one with -n\n"},
		{"-p several -n second", "mpijob.kubeflow.org/dist1\n", ""},
		{"-p absent", "",
			"runai: project \"absent\" not found: no namespace has the label runai/queue=absent; see 'runai list projects'\n"},
		{"-n absent", "", "runai: namespace \"absent\" not found: set the project with -p, or another namespace with -n\n"},
		{"-p labelled -n second", "", "runai: --project labelled: namespace second belongs to project \"several\", not \"labelled\": " +
			"remove it, or use a namespace of labelled\n"},
		{"-p labelled", "", "runai: job \"dist1\" already exists in namespace runai-labelled: " +
			"use another name, or delete it with 'runai delete job dist1 -p labelled'\n"},
	} {
		t.Run(test.args, func(t *testing.T) {
			args := append([]string{"submit-mpi", "--name", "dist1", "-i", "x", "-o", "name"}, strings.Fields(test.args)...)
			if stdout, stderr, _ := product.Runai(t, args...); stdout != test.stdout || stderr != test.stderr {
				t.Errorf("got  %s%swant %s%s", stdout, stderr, test.stdout, test.stderr)
			}
		})
	}
}

// A user who may only create jobs can submit.
func TestOrdinaryUser(t *testing.T) {
	namespace := product.AddProject(t, "users", dgx)
	user, err := product.AddUser("alice")
	if err != nil {
		t.Fatal(err)
	}
	submit := func() (string, string, int) {
		return product.RunaiAs(t, user.Kubeconfig(), "submit-mpi", "dist1", "-n", namespace, "-i", "x", "-o", "name")
	}
	_, stderr, code := submit()
	want := "runai: alice is not allowed to create mpijobs in namespace runai-users: " +
		"check the project, or ask your administrator for permission\n"
	if stderr != want || code != 1 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
	product.Permit(t, namespace, "alice", install.Verbs("kubeflow.org", []string{"mpijobs"}, "create"))
	if stdout, stderr, _ := submit(); stdout != "mpijob.kubeflow.org/dist1\n" {
		t.Errorf("got %s%s", stdout, stderr)
	}
}

// The debug log shows requests without credentials.
func TestDebugLog(t *testing.T) {
	namespace := product.AddProject(t, "logged", v1alpha1.ProjectSpec{})
	_, stderr, code := product.Runai(t, "submit-mpi", "dist1", "-n", namespace, "-i", "x", "-e", "TOKEN=hunter2", "--loglevel", "debug")
	if code != 0 || !strings.Contains(stderr, "method=POST") || !strings.Contains(stderr, "201 Created") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if strings.Contains(stderr, "hunter2") || strings.Contains(stderr, "Authorization") {
		t.Errorf("a secret is in the log: %s", stderr)
	}
}
