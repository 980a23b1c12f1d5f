package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/golden"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
)

// A job of any golden case, resubmitted under its name, is what its author submitted. In one project the webhook writes
// as much as it can.
func TestResubmit(t *testing.T) {
	types := v1alpha1.NodeAffinity{Train: []string{"dgx", "v100", "a100"}, Interactive: []string{"dgx", "v100", "t4"}}
	product.AddProject(t, "resubmitted", v1alpha1.ProjectSpec{NodeAffinity: types})
	product.AddProject(t, "resubmitted-required", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired, NodeAffinity: types})
	user := as(t, "saml:alice@example.com", claims)
	for _, namespace := range []string{"runai-resubmitted", "runai-resubmitted-required"} {
		product.Permit(t, namespace, "saml:alice@example.com",
			install.Verbs("", []string{"persistentvolumeclaims", "secrets"}, "create", "list"))
	}
	inRequired := []string{"environment", "minimal", "pvc-several", "run-as-user"}
	for _, c := range golden.Cases(t, "../../cli/testdata") {
		text, _ := c.File("args")
		printed, _ := c.File("stdout")
		if strings.Contains(text, "--attach") || strings.Contains(text, "password=-") || usesFraction.MatchString(printed) {
			continue // there is no terminal, and no GPU is shared
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			args := named(withoutScope(strings.Split(strings.TrimSuffix(text, "\n"), "\n")), printed, c.Name)
			isResubmitted(t, user.Kubeconfig(), "resubmitted", args)
			if slices.Contains(inRequired, c.Name) {
				isResubmitted(t, user.Kubeconfig(), "resubmitted-required", args)
			}
		})
	}
}

var (
	usesFraction = regexp.MustCompile(`run.ai/gpu(-memory)?"?: "?(0\.|[0-9]+[GM])`)
	nameOfJob    = regexp.MustCompile(`mpijob.kubeflow.org/(\S+)|(?m)^ *"?name"?: "?([^"\n]+?)(?:-0)?"?,?$`)
)

// named returns the arguments of a job that has a name of its own.
func named(args []string, printed, name string) []string {
	i := slices.IndexFunc(args, func(arg string) bool {
		return arg == "-i" || strings.HasPrefix(arg, "--image") || strings.HasPrefix(arg, "-i=")
	})
	for _, match := range nameOfJob.FindAllStringSubmatch(printed, -1) {
		for _, found := range match[1:] {
			j := slices.IndexFunc(args, func(arg string) bool { return arg == found || arg == "--name="+found })
			if found != "" && j >= 0 {
				args[j] = strings.Replace(args[j], found, name, 1)
				return args
			}
		}
	}
	return slices.Insert(args, i, "--name", name)
}

func isResubmitted(t *testing.T, kubeconfig, project string, args []string) {
	t.Helper()
	runai := func(args ...string) string {
		stdout, stderr, code := product.RunaiAs(t, kubeconfig, with(args, "-p", project)...)
		if code != 0 {
			t.Errorf("%q: %s", args, stderr)
		}
		return stdout
	}
	job := func(manifest string) string {
		first, _, _ := strings.Cut(manifest, "\n---\n")
		return strings.TrimSuffix(first, "\n")
	}
	submit := append([]string{"submit-mpi"}, args...)
	name := strings.TrimPrefix(strings.Fields(runai(with(submit, "-o", "name")...) + " none")[0], "mpijob.kubeflow.org/")
	submitted := job(runai(with(submit, "--dry-run=client", "-o", "yaml")...))
	if slices.Contains(args, "--run-as-user") { // prevents it, so that the flag cannot be told from it
		submitted = strings.ReplaceAll(submitted, "            securityContext:\n              allowPrivilegeEscalation: false\n", "")
	}
	resubmitted := job(runai("resubmit", name, "--name", name, "--dry-run=client"))
	if diff := cmp.Diff(submitted, resubmitted); diff != "" {
		t.Errorf("%s, %q (-submitted +resubmitted):\n%s", project, submit, diff)
	}
}

// withoutScope removes the flags that select a project or a namespace, and those of the output.
func withoutScope(args []string) []string {
	var kept []string
	for i := 0; i < len(args); i++ {
		switch name, _, hasValue := strings.Cut(args[i], "="); name {
		case "-p", "--project", "-n", "--namespace", "-o", "--output", "--loglevel":
			if !hasValue {
				i++
			}
		default:
			kept = append(kept, args[i])
		}
	}
	return kept
}

// with adds flags before the words of the container.
func with(args []string, flags ...string) []string {
	if i := slices.Index(args, "--"); i >= 0 {
		return slices.Insert(slices.Clone(args), i, flags...)
	}
	return append(slices.Clone(args), flags...)
}

// Flags change the job. It is admitted under a new name, and mounts the data of the old one.
func TestResubmitChanged(t *testing.T) {
	namespace := product.AddProject(t, "changed", v1alpha1.ProjectSpec{})
	submit(t, "dist1", "-p", "changed", "-i", "example/train", "-g", "1", "-e", "A=1", "-e", "B=2",
		"--pvc", ":1Gi:/data", "--", "train.py", "10")
	for _, step := range []struct{ args, stdout, stderr string }{
		{"resubmit dist1 -p changed --processes 3 -e B=3 -g 2 -o name -- eval.py", "mpijob.kubeflow.org/dist1-0\n", ""},
		{"resubmit dist1-0 -p changed --processes 1 -o name", "mpijob.kubeflow.org/dist1-1\n", ""},
		{"mpi resubmit mpijob.kubeflow.org/dist1 -p changed --name dist2 --dry-run=server -o name", "mpijob.kubeflow.org/dist2\n", ""},
		{"resubmit dist1 -p changed --name dist1", "",
			"runai: job \"dist1\" already exists in namespace runai-changed: use another name, " +
				"or delete it with 'runai delete job dist1 -p changed'\n"},
		{"resubmit dist1 -p changed --processes two", "",
			"runai: invalid value \"two\" for --processes: must be a whole number, 1 or more\n"},
		{"resubmit dits1 -p changed", "",
			"runai: job \"dits1\" not found in project \"changed\": use -p if it is in another project\nDid you mean \"dist1\"?\n"},
	} {
		if stdout, stderr, _ := product.Runai(t, strings.Fields(step.args)...); stdout != step.stdout || stderr != step.stderr {
			t.Errorf("%s: got %s%s", step.args, stdout, stderr)
		}
	}
	old, changed := product.Job(t, namespace, "dist1"), product.Job(t, namespace, "dist1-0")
	main := mainOf(changed)
	if mpijob.Workers(changed) != 3 || !slices.Equal(main.Args, []string{"eval.py"}) || changed.Annotations[annotations.GPUKey] != "2" ||
		main.Env[0].Value != "1" || main.Env[1].Value != "3" {
		t.Errorf("got %d workers, %v, %v, %v", mpijob.Workers(changed), main.Args, changed.Annotations, main.Env)
	}
	if diff := cmp.Diff(mainOf(old).VolumeMounts, main.VolumeMounts); diff != "" {
		t.Error(diff)
	}
}

func mainOf(job *v2beta1.MPIJob) *corev1.Container {
	launcher, _ := mpijob.TemplateOf(job, mpijob.Launcher)
	return launcher.Main()
}

// The credential of a job is deleted with the job. A job that kubectl created is submitted as it is stored, or changed
// if flags can make it.
func TestResubmitOthers(t *testing.T) {
	namespace := product.AddProject(t, "others", v1alpha1.ProjectSpec{})
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sync := "source=https://git.example.com/code,username=a,password=@" + password
	submit(t, "private", "-p", "others", "--git-sync", sync)
	product.Create(t, mpijobtest.MakeMPIJob("foreign", namespace).Both(func(template *corev1.PodTemplateSpec) {
		template.Spec.Tolerations = []corev1.Toleration{{Key: "spot", Operator: corev1.TolerationOpExists}}
	}).Obj())
	const parts = "job \"foreign\" has fields that submit-mpi has no flags for"
	for _, step := range []struct{ args, stdout, stderr string }{
		{"resubmit private -p others", "", "runai: the git credential of job \"private\" is deleted with the job: " +
			"set it again with --git-sync source=https://git.example.com/code,username=NAME,password=@FILE\n"},
		{"resubmit private -p others -o name --git-sync " + sync, "mpijob.kubeflow.org/private-0\n", ""},
		{"resubmit foreign -p others -o name", "mpijob.kubeflow.org/foreign-0\n", parts + ": submitting it as it is stored\n"},
		{"resubmit foreign -p others -g 1", "", "runai: " + parts + ", so flags cannot change it: " +
			"edit the output of 'runai describe job foreign -n runai-others -o yaml', and submit it with 'kubectl create'\n"},
	} {
		if stdout, stderr, _ := product.Runai(t, strings.Fields(step.args)...); stdout != step.stdout || stderr != step.stderr {
			t.Errorf("%s: got %s%s", step.args, stdout, stderr)
		}
	}
	old, again := product.Job(t, namespace, "foreign"), product.Job(t, namespace, "foreign-0")
	if diff := cmp.Diff(old.Spec, again.Spec, cmp.FilterPath(isHostfile, cmp.Ignore())); diff != "" {
		t.Error(diff)
	}
}

// isHostfile reports whether a part of a job has the job's name.
func isHostfile(path cmp.Path) bool {
	text := path.GoString()
	return strings.Contains(text, ".Volumes") || strings.Contains(text, "Annotations")
}
