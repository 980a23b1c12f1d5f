package integration

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// cells splits a table into its cells, as scripts do.
func cells(text string) [][]string {
	var rows [][]string
	for line := range strings.Lines(text) {
		rows = append(rows, regexp.MustCompile(`\s{2,}`).Split(strings.TrimSpace(line), -1))
	}
	return rows
}

func submit(t *testing.T, args ...string) {
	t.Helper()
	if !slices.Contains(args, "-i") {
		args = append([]string{"-i", "example/train"}, args...)
	}
	if _, stderr, code := product.Runai(t, append([]string{"submit-mpi"}, args...)...); code != 0 {
		t.Fatal(stderr)
	}
}

// setStatus changes the status of pods, as a kubelet does.
func setStatus(t *testing.T, pods []corev1.Pod, change func(*corev1.PodStatus)) {
	t.Helper()
	for _, pod := range pods {
		before := pod.DeepCopy()
		change(&pod.Status)
		if err := product.Client.Status().Patch(t.Context(), &pod, client.MergeFrom(before)); err != nil {
			t.Fatal(err)
		}
	}
}

func running(status *corev1.PodStatus) {
	status.Phase = corev1.PodRunning
	status.ContainerStatuses = []corev1.ContainerStatus{
		{Name: "mpi", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
	}
}

func TestListJobs(t *testing.T) {
	namespace := product.AddProject(t, "listed", dgx)
	submit(t, "train", "-p", "listed", "-g", "2", "--processes=2")
	submit(t, "session", "-p", "listed", "--interactive", "-g", "1")
	setStatus(t, podsOf(t, product.Job(t, namespace, "train")).all(), running)
	podsOf(t, product.Job(t, namespace, "session"))
	want := [][]string{
		{"Showing jobs for project listed"},
		{"NAME", "STATUS", "AGE", "NODE", "IMAGE", "TYPE", "PROJECT", "USER",
			"GPUs Allocated (Requested)", "PODs Running (Pending)", "SERVICE URL(S)"},
		{"session", "Pending", "*", "-", "example/train", "Interactive", "listed", "admin", "0 (1)", "0 (2)"},
		{"train", "Running", "*", "-", "example/train", "Train", "listed", "admin", "0 (4)", "3 (0)"},
	}
	for _, args := range []string{"list jobs -p listed", "list -p listed", "list job -n " + namespace} {
		stdout, stderr, _ := product.Runai(t, strings.Fields(args)...)
		got := cells(stdout)
		for _, row := range got[min(2, len(got)):] {
			row[2] = "*" // the age
		}
		if diff := cmp.Diff(want, got); diff != "" || stderr != "" {
			t.Errorf("%s (-want +got):\n%s%s", args, diff, stderr)
		}
	}
	for args, want := range map[string]string{
		"describe trian -p listed": "runai: job \"trian\" not found in project \"listed\": " +
			"use -p if it is in another project\nDid you mean \"train\"?\n",
		"logs train --pod train-wroker-1 -p listed":       "\nDid you mean train-worker-1?\n",
		"logs mpijob/train --pod trai-worker-0 -p listed": "\nDid you mean train-worker-0?\n",
		"logs train -p train-worker-0": "runai: -p is the project, and train-worker-0 looks like a pod: " +
			"use --pod train-worker-0\n",
		"list -p lisetd": "Did you mean \"listed\"?\n",
	} {
		if _, stderr, code := product.Runai(t, strings.Fields(args)...); !strings.HasSuffix(stderr, want) || code != 1 {
			t.Errorf("%s: exit code %d, got %s", args, code, stderr)
		}
	}
	wide, _, _ := product.Runai(t, "list", "-p", "listed", "-o", "wide")
	if got := cells(wide); !cmp.Equal(got[1][11:], []string{"NAMESPACE", "WORKERS", "RUNS AS", "NODES", "REASON"}) ||
		!cmp.Equal(got[3][10:13], []string{"-", namespace, "2"}) {
		t.Errorf("got %s", wide)
	}
	stdout, _, _ := product.Runai(t, "list", "-A")
	if got := cells(stdout); got[0][0] != "Showing jobs for all projects" || !strings.Contains(stdout, "session") || len(got[1]) != 11 {
		t.Errorf("got %s", stdout)
	}
}

// list and describe handle a namespace with another name, a project that does not exist, and one without jobs.
func TestListJobsElsewhere(t *testing.T) {
	product.AddNamespace(t, "odd-name", map[string]string{"runai/queue": "odd"})
	product.Create(t, &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "odd"}})
	submit(t, "dist1", "-p", "odd")
	stdout, stderr, _ := product.Runai(t, "list", "-p", "odd")
	if !strings.Contains(stdout, "dist1") || !strings.HasPrefix(stdout, "Showing jobs for project odd\n") {
		t.Errorf("got %s%s", stdout, stderr)
	}
	if stdout, stderr, code := product.Runai(t, "describe", "dist1", "-p", "odd"); code != 0 {
		t.Errorf("got %s%s", stdout, stderr)
	}
	_, stderr, code := product.Runai(t, "list", "-p", "absent")
	want := "runai: project \"absent\" not found: no namespace has the label runai/queue=absent; see 'runai list projects'\n"
	if stderr != want || code != 1 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
	product.AddProject(t, "empty", v1alpha1.ProjectSpec{})
	if stdout, stderr, code := product.Runai(t, "list", "-p", "empty"); len(cells(stdout)) != 2 || code != 0 {
		t.Errorf("exit code %d, got %s%s", code, stdout, stderr)
	}
}

// A user without permissions outside of their own namespace can follow up on jobs.
func TestOrdinaryUserFollowsUp(t *testing.T) {
	namespace := product.AddProject(t, "modest", v1alpha1.ProjectSpec{})
	user, err := product.AddUser("dora")
	if err != nil {
		t.Fatal(err)
	}
	product.Permit(t, namespace, "dora",
		install.Verbs("kubeflow.org", []string{"mpijobs"}, "create", "get", "list", "delete"),
		install.Verbs("", []string{"pods", "pods/log", "events"}, "get", "list"))
	for _, step := range []struct{ args, stdout, stderr string }{
		{"list -p modest", "Showing jobs for project modest\n", ""},
		{"list projects", "", "runai: you are not allowed to read any project: ask your administrator to make you a member of one; " +
			"other commands need only the project's name\n"},
		{"submit-mpi dist1 -p modest -i x", "The job 'dist1' has been submitted successfully\n", ""},
		{"list -n " + namespace, "dist1", ""},
		{"describe job dist1 -p modest", "NAME:", ""},
		{"config project modest", "Project modest has been set as default project\n",
			"Warning: using namespace runai-modest, which may be wrong: you are not allowed to list namespaces\n"},
		{"describe job dist1", "PROJECT:", ""},
		{"delete dist1", "Job dist1 deleted successfully.\n", ""},
		{"delete dist1", "",
			"runai: job \"dist1\" not found in project \"modest\": use -p if it is in another project\n"},
		{"list -A", "",
			"runai: dora is not allowed to list mpijobs in this cluster: check the project, or ask your administrator for permission\n"},
	} {
		stdout, stderr, _ := product.RunaiAs(t, user.Kubeconfig(), strings.Fields(step.args)...)
		if !strings.Contains(stdout, step.stdout) || stderr != step.stderr {
			t.Errorf("%s: got %s%s", step.args, stdout, stderr)
		}
	}
}

func TestListProjects(t *testing.T) {
	product.AddProject(t, "table", v1alpha1.ProjectSpec{NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"dgx", "a100"}}})
	kubeconfig := copied(t, product.Kubeconfig())
	stdout, stderr, code := product.RunaiAs(t, kubeconfig, "project", "set", "table")
	if stdout != "Project table has been set as default project\n" || stderr != "" || code != 0 {
		t.Errorf("exit code %d, got %s%s", code, stdout, stderr)
	}
	stdout, _, _ = product.RunaiAs(t, kubeconfig, "list", "projects")
	rows := cells(stdout)
	diff := cmp.Diff([]string{"PROJECT", "DEPARTMENT", "DESERVED GPUs", "INT LIMIT", "INT AFFINITY", "TRAIN AFFINITY"}, rows[0])
	if diff != "" {
		t.Error(diff)
	}
	found := false
	for _, row := range rows {
		found = found || cmp.Equal(row, []string{"table (default)", "-", "-", "-", "-", "dgx;a100"})
	}
	if !found {
		t.Errorf("got %s", stdout)
	}
	stdout, _, _ = product.RunaiAs(t, kubeconfig, "list", "projects", "-o", "go-template={{range .items}}{{.metadata.name}} {{end}}")
	if !strings.Contains(" "+stdout, " table ") {
		t.Errorf("got %s", stdout)
	}
	stdout, _, _ = product.RunaiAs(t, kubeconfig, "list", "projects", "-o", "wide")
	wide := slices.ContainsFunc(cells(stdout), func(row []string) bool {
		return cmp.Equal(row, []string{"table (default)", "-", "-", "-", "-", "dgx;a100", "table", "Optional"})
	})
	if !wide {
		t.Errorf("got %s", stdout)
	}
	if stdout, _, _ := product.RunaiAs(t, kubeconfig, "submit-mpi", "-i", "x", "-o", "name"); stdout != "mpijob.kubeflow.org/job-0\n" {
		t.Errorf("got %s", stdout)
	}
	if stdout, _, _ := product.RunaiAs(t, kubeconfig, "list"); !strings.HasPrefix(stdout, "Showing jobs for project table\n") {
		t.Errorf("got %s", stdout)
	}
}

// copied returns the path of a copy of a user's kubeconfig, which runai may change.
func copied(t *testing.T, kubeconfig string) string {
	t.Helper()
	data, err := os.ReadFile(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() + "/kubeconfig"
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// describe shows why a job cannot be scheduled, its pods, and its events in chronological order.
func TestDescribe(t *testing.T) {
	namespace := product.AddProject(t, "described", dgx)
	addNode(t)
	submit(t, "dist1", "-p", "described", "-g", "1")
	podsOf(t, product.Job(t, namespace, "dist1"))
	var stdout string
	suite.Eventually(t, "describe shows that scheduling failed", suite.Soon, func() error {
		stdout, _, _ = product.Runai(t, "describe", "job", "dist1", "-p", "described")
		// A worker can fail before the launcher is created; the launcher, which is the other pod here, cannot.
		return suite.Says(stdout, "\nPending: no node can run pod ",
			"[MPIJobCreated]", "[SuccessfulCreate]", " and 1 more ", "[FailedScheduling]")
	})
	for _, want := range []string{
		"NAME:                  dist1\n", "NAMESPACE:             runai-described\n", "STATUS:                Pending\n",
		"TOTAL REQUESTED GPUS:  1\n",
		"APPLIED POLICIES:      scheduling, node-affinity, gpu, ssh, launcher-env, start-gate\n",
		". Use another --node-type, or ask your administrator for nodes of the project's node types.\n",
		"\nPods:\nPOD ", "dist1-worker-0  ", "\nEvents:\nSOURCE ", "mpijob/dist1  ",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%s\ndoes not contain %q", stdout, want)
		}
	}
	if strings.Index(stdout, "[SuccessfulCreate]") > strings.LastIndex(stdout, "[FailedScheduling]") {
		t.Errorf("the events are not in chronological order:\n%s", stdout)
	}
	stored, _, _ := product.Runai(t, "describe", "job", "dist1", "-p", "described", "-o", "yaml")
	if !strings.HasPrefix(stored, "apiVersion: kubeflow.org/v2beta1\nkind: MPIJob\n") {
		t.Errorf("got %s", stored)
	}
	_, stderr, code := product.Runai(t, "logs", "dist1", "-p", "described")
	if !strings.HasPrefix(stderr, "runai: job \"dist1\" has no output yet. Pending: no node can run pod dist1-") || code != 1 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
}

// Pods that exceed the quota are never created: only events show them.
func TestDescribeQuota(t *testing.T) {
	namespace := product.AddProject(t, "small", v1alpha1.ProjectSpec{})
	limit(t, namespace, corev1.ResourcePods, "1")
	submit(t, "dist1", "-p", "small", "--processes=2")
	suite.Eventually(t, "describe names the quota", suite.Soon, func() error {
		stdout, _, _ := product.Runai(t, "describe", "dist1", "-p", "small")
		return suite.Says(stdout, "\nPending: the pods exceed the quota of the namespace: ")
	})
}

func TestDescribeFailed(t *testing.T) {
	namespace := product.AddProject(t, "failing", v1alpha1.ProjectSpec{})
	submit(t, "dist1", "-p", "failing", "--backoff-limit=0")
	launcher := podsOf(t, product.Job(t, namespace, "dist1")).launcher
	setStatus(t, []corev1.Pod{launcher}, func(status *corev1.PodStatus) {
		status.Phase = corev1.PodFailed
		ended := &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled", StartedAt: metav1.Now(), FinishedAt: metav1.Now()}
		status.ContainerStatuses = []corev1.ContainerStatus{{Name: "mpi", State: corev1.ContainerState{Terminated: ended}}}
	})
	suite.Eventually(t, "the job fails", suite.Soon, func() error {
		stdout, _, _ := product.Runai(t, "describe", "dist1", "-p", "failing")
		return suite.Says(stdout, "STATUS:                Failed\n", "\nFailed: container mpi of pod "+launcher.Name+
			" exceeded its memory limit. Submit the job again with a higher limit: 'runai resubmit dist1 --memory-limit SIZE -p failing'.")
	})
}

func TestDelete(t *testing.T) {
	namespace := product.AddProject(t, "deleted", v1alpha1.ProjectSpec{})
	for _, name := range []string{"a", "b", "c", "d"} {
		submit(t, name, "-p", "deleted")
	}
	for _, step := range []struct{ args, stdout, stderr string }{
		{"delete job a -p deleted", "Job a deleted successfully.\n", ""},
		{"delete b absent -p deleted", "Job b deleted successfully.\n",
			"runai: job \"absent\" not found in project \"deleted\": use -p if it is in another project\n"},
		{"delete -p deleted", "", "runai: missing NAME for \"runai delete job\": name the jobs to delete, or use --all\n"},
		{"delete -A -p deleted", "",
			"runai: --all would delete 2 jobs in project deleted (c, d): use --yes to confirm\n"},
		{"delete c --dry-run -p deleted", "Job c would be deleted (client dry run).\n", ""},
		{"delete --all --dry-run=server -p deleted",
			"Job c would be deleted (server dry run).\nJob d would be deleted (server dry run).\n", ""},
		{"delete d --dry-run=server -o name -p deleted", "mpijob.kubeflow.org/d\n", ""},
		{"list -o name -p deleted", "mpijob.kubeflow.org/c\nmpijob.kubeflow.org/d\n", ""},
		{"list -o jsonpath={.items[*].metadata.name} -p deleted", "c d", ""},
		{"delete job --all -p deleted", "",
			"runai: --all would delete 2 jobs in project deleted (c, d): use --yes to confirm\n"},
		{"delete job --all --yes -p deleted", "Job c deleted successfully.\nJob d deleted successfully.\n", ""},
		{"delete job --all -p deleted", "There are no jobs in project deleted.\n", ""},
		{"describe job c -p deleted", "",
			"runai: job \"c\" not found in project \"deleted\": use -p if it is in another project\n"},
		{"logs c -p deleted", "",
			"runai: job \"c\" not found in project \"deleted\": use -p if it is in another project\n"},
	} {
		if stdout, stderr, _ := product.Runai(t, strings.Fields(step.args)...); stdout != step.stdout || stderr != step.stderr {
			t.Errorf("%s: got %s%s", step.args, stdout, stderr)
		}
	}
	suite.Eventually(t, "the pods are gone", suite.Soon, func() error {
		return product.HasPods(t, namespace, 0, client.HasLabels{v2beta1.JobNameLabel})
	})
}

// describe says why a job waits: it is suspended, has another gate, or was never admitted.
func TestDescribeWaitingJobs(t *testing.T) {
	namespace := product.AddProject(t, "held", v1alpha1.ProjectSpec{})
	suspended := mpijobtest.MakeMPIJob("suspended", namespace).Job(func(job *v2beta1.MPIJob) {
		yes := true
		job.Spec.RunPolicy.Suspend = &yes
	}).Label("kueue.x-k8s.io/queue-name", "research").Obj()
	product.Create(t, suspended)
	suspend := true
	byHand := mpijobtest.MakeMPIJob("by-hand", namespace).Obj()
	byHand.Spec.RunPolicy.Suspend = &suspend
	product.Create(t, byHand) // the webhook adds the label of the queue, which holds back pods and not the job
	product.Create(t, mpijobtest.MakeMPIJob("foreign", namespace).Gate("example.com/other").Obj())
	product.AddNamespace(t, "unlabelled", nil)
	product.Create(t, mpijobtest.MakeMPIJob("gated", "unlabelled").Gate("run.ai/admission").Obj())
	for _, test := range []struct{ job, namespace, want string }{
		{"suspended", namespace,
			"Suspended: the job was suspended by a user. Resume it with 'runai resume suspended -n runai-held'."}, // Kueue does not know it
		{"by-hand", namespace, "Suspended: the job was suspended by a user. Resume it with 'runai resume by-hand -n runai-held'."},
		{"foreign", namespace, "Pending: pod foreign-"},
		{"gated", "unlabelled", "Pending: the webhook did not handle the job, so its pods never start. " +
			"Delete it with 'runai delete job gated -n unlabelled' and submit it again with -p PROJECT."},
	} {
		suite.Eventually(t, test.job, suite.Soon, func() error {
			stdout, _, _ := product.Runai(t, "describe", test.job, "-n", test.namespace)
			return suite.Says(stdout, "\n"+test.want)
		})
	}
	if queue := product.Job(t, namespace, "by-hand").Labels["kai.scheduler/queue"]; queue != "held" {
		t.Errorf("by-hand has the queue %q", queue)
	}
	stdout, _, _ := product.Runai(t, "list", "-n", namespace)
	for _, row := range cells(stdout)[2:] {
		if want := map[string]string{"suspended": "Suspended", "by-hand": "Suspended", "foreign": "Pending"}[row[0]]; row[1] != want {
			t.Errorf("%s is listed as %s", row[0], row[1])
		}
	}
}

// An interruption of --attach leaves the job running.
func TestAttachIsInterrupted(t *testing.T) {
	namespace := product.AddProject(t, "attached", v1alpha1.ProjectSpec{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil && len(product.Jobs(t, namespace)) == 0 {
			time.Sleep(50 * time.Millisecond)
		}
		time.Sleep(time.Second)
		cancel()
	}()
	stdout, stderr, _, err := product.RunRunai(ctx, product.Kubeconfig(), "submit-mpi", "dist1", "-p", "attached", "-i", "x", "--attach")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stdout, "The job 'dist1' has been submitted successfully\n") ||
		!strings.HasSuffix(stderr, "runai: interrupted: job \"dist1\" was not deleted; "+
			"attach to it with 'runai attach dist1 -p attached'\n") {
		t.Errorf("got %s%s", stdout, stderr)
	}
	if jobs := product.Jobs(t, namespace); len(jobs) != 1 {
		t.Errorf("%d jobs, want 1", len(jobs))
	}
}
