package scale

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/test/internal/audit"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/figures"
)

const submitter = "alice@example.com"

// defaultRates are those of an operator that nobody has configured.
const defaultRates, raisedRates = "default", "raised"

// rates are flags of the operator. The raised ones are those of the install guide.
var rates = map[string][]string{defaultRates: nil, raisedRates: {
	"--kube-api-qps=100", "--kube-api-burst=200", "--controller-queue-rate-limit=1000", "--controller-queue-burst=2000",
}}

// longest is how long any step of a job may take: an operator with its default rates creates 5 pods a second.
const longest = 40 * time.Minute

func sizes() []int {
	var all []int
	for _, size := range []int{256, 1024, 4096} {
		if size <= *most {
			all = append(all, size)
		}
	}
	if len(all) == 0 {
		return []int{*most}
	}
	return all
}

// A job of any size is admitted in one piece, gets all its pods with everything that was promised, and leaves nothing.
func TestJobs(t *testing.T) {
	addNodes(t, slices.Max(sizes())+1)
	alice := addSubmitter(t)
	jobs := figures.NewTable("workers", "mpi-operator", "admitted in", "all pods created in", "all run in", "the operator knows it "+
		"after", "and the end of the launcher after another", "deleted in", "requests of the operator",
		"changes of its ConfigMap", "ConfigMap", "MPIJob", "pod of a worker", "pod of the launcher")
	commands := figures.NewTable("workers", "command", "seconds", "requests", "answers", "memory")
	for name, flags := range rates {
		if *most < 256 && name == defaultRates || *only != "" && name != *only {
			continue
		}
		operator, err := product.StartOperator(t.Context(), flags...)
		if err != nil {
			t.Fatal(err)
		}
		for _, workers := range sizes() {
			t.Run(fmt.Sprintf("%s/%d", name, workers), func(t *testing.T) {
				j := job{name: fmt.Sprint("scale-", workers), workers: workers, alice: alice}
				jobs.Add(j.run(t, name)...)
				for _, row := range j.commands {
					commands.Add(row...)
				}
				figures.Keep(t, "jobs", 2, jobs)
				figures.Keep(t, "commands", 2, commands)
			})
		}
		if err := operator.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

func addSubmitter(t *testing.T) *figures.Client {
	t.Helper()
	user, err := product.AddUser(submitter)
	if err != nil {
		t.Fatal(err)
	}
	person := &v1alpha1.PosixIdentity{ObjectMeta: metav1.ObjectMeta{Name: "alice"}}
	person.Spec = v1alpha1.PosixIdentitySpec{Subject: submitter, UID: 11001, GID: 12001, UserName: "alice"}
	product.Create(t, person)
	namespace := product.AddProject(t, "scale", v1alpha1.ProjectSpec{})
	product.AddResearcher(t, namespace, submitter)
	return figures.NewClient(t, user.Config)
}

type job struct {
	name     string
	workers  int
	alice    *figures.Client
	commands [][]string
}

const namespace = "runai-scale"

// run runs the job, and returns its row of the table.
func (j *job) run(t *testing.T, operator string) []string {
	_, logged := requestsOf(t, 0)
	start := time.Now()
	submitted := j.command(t, "submit-mpi", j.name, "-i", "example/train", "--processes", strconv.Itoa(j.workers), "-g", "1",
		"--large-shm=1Gi",
		"--run-as-user", "--git-sync", "source=https://git.example.com/team/code", "--", "python", "train.py")
	pods := j.await(t, "created", j.workers+1, "", start)
	running := j.await(t, "run", j.workers+1, "status.phase=Running", start)
	hosts, noticed := j.hosts(t, start)
	requests, _ := requestsOf(t, logged)
	stored := product.Job(t, namespace, j.name)
	worker, launcher := j.pods(t)
	j.command(t, "describe", "job", j.name)
	j.command(t, "list")
	j.command(t, "list", "-o", "wide")
	ended := j.end(t, launcher)
	start = time.Now()
	j.command(t, "delete", "job", j.name)
	gone := j.await(t, "gone", 0, "", start)
	return []string{
		strconv.Itoa(j.workers), operator, figures.Seconds(submitted.Seconds), figures.Seconds(pods), figures.Seconds(running),
		figures.Seconds(noticed), figures.Seconds(ended), figures.Seconds(gone),
		strconv.Itoa(total(requests)), strconv.Itoa(requests["update configmaps"]), inKilobytes(hosts), inKilobytes(sizeOf(t, stored)),
		inKilobytes(sizeOf(t, worker)), inKilobytes(sizeOf(t, launcher)),
	}
}

func (j *job) command(t *testing.T, args ...string) figures.Cost {
	t.Helper()
	c := j.alice.Run(t, product.Programs.Runai, append([]string{args[0], "-p", "scale"}, args[1:]...)...)
	if c.Code != 0 {
		t.Fatal(c.Output)
	}
	j.commands = append(j.commands, append([]string{strconv.Itoa(j.workers), "`runai " + j.shown(args) + "`"}, c.Cells()...))
	return c
}

// shown leaves out what differs from job to job.
func (j *job) shown(args []string) string {
	if args[0] == "submit-mpi" {
		return args[0] + " …"
	}
	return strings.ReplaceAll(strings.Join(args, " "), j.name, "NAME")
}

// await waits until so many pods of the job match the selector, and returns how many seconds have passed.
func (j *job) await(t *testing.T, what string, want int, selector string, start time.Time) float64 {
	t.Helper()
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PodList"))
	only := metav1.ListOptions{FieldSelector: selector, LabelSelector: v2beta1.JobNameLabel + "=" + j.name, ResourceVersion: "0"}
	options := &client.ListOptions{Namespace: namespace, Raw: &only}
	for time.Since(start) < longest {
		if err := product.Client.List(t.Context(), list, options); err != nil {
			t.Fatal(err)
		}
		passed := time.Since(start).Seconds()
		if len(list.Items) == want {
			t.Logf("%s: all %d pods %s after %.1f s", j.name, want, what, passed)
			return passed
		}
		time.Sleep(min(2*time.Second, 100*time.Millisecond+time.Duration(j.workers)*time.Millisecond))
	}
	t.Fatalf("%s: %d pods %s, want %d", j.name, len(list.Items), what, want)
	return 0
}

// hosts waits until the operator's ConfigMap lists all workers, and returns its size, which the webhook has computed
// exactly before it admitted the job, and how many seconds have passed.
func (j *job) hosts(t *testing.T, start time.Time) (size int64, seconds float64) {
	t.Helper()
	want := mpijob.HostListsSize(product.Job(t, namespace, j.name), int32(j.workers))
	for time.Since(start) < longest {
		stored := &corev1.ConfigMap{}
		if err := product.Client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: j.name + "-config"}, stored); err != nil {
			t.Fatal(err)
		}
		size = 0
		for _, text := range stored.Data {
			size += int64(len(text))
		}
		if size == want {
			return size, time.Since(start).Seconds()
		}
		time.Sleep(min(time.Second, 100*time.Millisecond+time.Duration(j.workers)*time.Millisecond))
	}
	t.Errorf("the operator's ConfigMap has %d bytes, want %d", size, want)
	return size, time.Since(start).Seconds()
}

// end lets the launcher succeed, and returns how many seconds pass until the operator says so of the job.
func (j *job) end(t *testing.T, launcher *corev1.Pod) float64 {
	t.Helper()
	launcher.Status.Phase = corev1.PodSucceeded
	if err := product.Client.Status().Update(t.Context(), launcher); err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); time.Since(start) < longest; time.Sleep(100 * time.Millisecond) {
		for _, condition := range product.Job(t, namespace, j.name).Status.Conditions {
			if condition.Type == v2beta1.JobSucceeded && condition.Status == corev1.ConditionTrue {
				return time.Since(start).Seconds()
			}
		}
	}
	t.Fatalf("%s: the operator has not noticed the end of the launcher", j.name)
	return 0
}

// pods returns the last worker and the launcher, which must have what the job asks for.
func (j *job) pods(t *testing.T) (worker, launcher *corev1.Pod) {
	t.Helper()
	worker, launchers := &corev1.Pod{}, &corev1.PodList{}
	key := client.ObjectKey{Namespace: namespace, Name: fmt.Sprintf("%s-worker-%d", j.name, j.workers-1)}
	if err := product.Client.Get(t.Context(), key, worker); err != nil {
		t.Fatal(err)
	}
	launcherLabels := client.MatchingLabels{v2beta1.JobNameLabel: j.name, v2beta1.JobRoleLabel: "launcher"}
	err := product.Client.List(t.Context(), launchers, client.InNamespace(namespace), launcherLabels)
	if err != nil || len(launchers.Items) != 1 {
		t.Fatalf("%d launchers: %v", len(launchers.Items), err)
	}
	launcher = &launchers.Items[0]
	hasInits(t, worker, "runai-git-sync")
	hasInits(t, launcher, "runai-git-sync", "runai-start-gate")
	for _, pod := range []*corev1.Pod{worker, launcher} {
		if id := pod.Spec.SecurityContext.RunAsUser; id == nil || *id != 11001 || len(pod.Spec.SchedulingGates) > 0 {
			t.Errorf("%s runs as %v, with the gates %v", pod.Name, id, pod.Spec.SchedulingGates)
		}
	}
	if gpus := worker.Spec.Containers[0].Resources.Limits["nvidia.com/gpu"]; gpus.Value() != 1 {
		t.Errorf("a worker has %d GPUs", gpus.Value())
	}
	return worker, launcher
}

func hasInits(t *testing.T, pod *corev1.Pod, want ...string) {
	t.Helper()
	var names []string
	for _, container := range pod.Spec.InitContainers {
		names = append(names, container.Name)
	}
	if !slices.Equal(names, want) {
		t.Errorf("%s has the init containers %v, want %v", pod.Name, names, want)
	}
}

// requestsOf returns the operator's requests since the audit log had a size, without those for its lease.
func requestsOf(t *testing.T, since int64) (counts map[string]int, size int64) {
	t.Helper()
	counts, size, err := audit.Count(product.AuditLog(), env.Operator, since)
	if err != nil {
		t.Fatal(err)
	}
	for request := range counts {
		if strings.Contains(request, "leases") || strings.HasPrefix(request, "watch ") {
			delete(counts, request)
		}
	}
	if since > 0 {
		t.Logf("the operator's requests: %v", counts)
	}
	return counts, size
}

func total(counts map[string]int) (sum int) {
	for _, count := range counts {
		sum += count
	}
	return sum
}

func sizeOf(t *testing.T, object any) int64 {
	t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return int64(len(text))
}

func inKilobytes(bytes int64) string { return fmt.Sprintf("%.1f kB", float64(bytes)/1e3) }
