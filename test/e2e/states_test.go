package e2e

import (
	"flag"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var recordStates = flag.Bool("record", false, "Write what the cluster says about jobs in each state to cli/state/testdata.")

// A jobState is a state of the job dist1, which has a project of its own.
type jobState struct {
	name, comment string
	bringAbout    func(t *testing.T, namespace string)
	says          string // what describe says once the job is in the state
	nodeTypes     []string
}

// TestStates brings jobs into each state and records what the cluster says about them. The golden files of describe are
// made from the recordings, without a cluster.
func TestStates(t *testing.T) {
	for _, state := range jobStates {
		t.Run(state.name, func(t *testing.T) {
			t.Parallel()
			namespace := addProject(t, "s-"+state.name, v1alpha1.ProjectSpec{NodeAffinity: v1alpha1.NodeAffinity{Train: state.nodeTypes}})
			state.bringAbout(t, namespace)
			state.record(t, namespace, "dist1")
		})
	}
	t.Run("queued", func(t *testing.T) {
		t.Parallel()
		recordQueue(t)
	})
}

// record waits until describe says what the state is known by, and records the job.
func (s jobState) record(t *testing.T, namespace, job string) {
	t.Helper()
	suite.Eventually(t, s.name, 3*time.Minute, func() error {
		stdout, stderr, _ := product.Runai(t, "describe", "job", job, "-n", namespace)
		return suite.Says(stdout+stderr, s.says)
	})
	writeRecording(t, s, namespace, job)
}

func submits(args ...string) func(*testing.T, string) {
	return func(t *testing.T, namespace string) {
		t.Helper()
		submit(t, "", append([]string{"dist1", "-n", namespace}, args...)...)
	}
}

// clones submits a job that clones from a server, which the test starts.
func clones(source func(*testing.T) string) func(*testing.T, string) {
	return func(t *testing.T, namespace string) {
		t.Helper()
		submitBroken(t, namespace, "dist1", source(t))
	}
}

func creates(job gated) func(*testing.T, string) {
	return func(t *testing.T, namespace string) {
		t.Helper()
		job.name = "dist1"
		product.CreateManifest(t, namespace, job.String())
	}
}

var jobStates = []jobState{
	{
		name: "pending-gpus", comment: "No node has enough GPUs.",
		bringAbout: submits("-i", images.OperatorLike, "-g", "16"), says: "Insufficient nvidia.com/gpu",
	},
	{
		name: "pending-node-affinity", comment: "The project has a node type that no node has.",
		bringAbout: submits("-i", "example/train", "-g", "1"), nodeTypes: []string{"a100"},
		says: "didn't match Pod's node affinity",
	},
	{
		name: "pending-quota", comment: "The quota of the namespace does not allow the pods.",
		bringAbout: func(t *testing.T, namespace string) {
			t.Helper()
			product.Create(t, &corev1.ResourceQuota{
				ObjectMeta: metav1.ObjectMeta{Name: "gpus", Namespace: namespace},
				Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{"requests.nvidia.com/gpu": resource.MustParse("2")}},
			})
			submits("-i", "example/train", "-g", "4")(t, namespace)
		},
		says: "exceeded quota",
	},
	{
		name: "image-not-found", comment: "The registry does not have the image.",
		bringAbout: func(t *testing.T, namespace string) {
			t.Helper()
			submitWith(t, "dist1", "-n", namespace, "-i", lab.Registry+"/vision/train:v2")
		},
		says: "cannot pull the image",
	},
	{
		name: "git-sync-branch", comment: "git-sync does not find the branch.",
		bringAbout: clones(func(t *testing.T) string {
			t.Helper()
			return newRepository(t).serveHTTP(t) + ",branch=absent,username=" + gitUser + ",password=@" + passwordFile(t)
		}),
		says: "\nFailed: the job did not start: ",
	},
	{
		name: "git-sync-password", comment: "The git server denies the password.",
		bringAbout: clones(func(t *testing.T) string {
			t.Helper()
			return "http://" + listen(t, http.HandlerFunc(denies)) + "/code.git"
		}),
		says: "\nFailed: the job did not start: ",
	},
	{
		name: "git-sync-no-answer", comment: "The git server accepts connections and never answers.",
		bringAbout: clones(func(t *testing.T) string {
			t.Helper()
			return "http://" + serveTCP(t, silent) + "/code.git"
		}),
		says: "\nFailed: the job did not start: ",
	},
	{
		name: "pod-security", comment: "The namespace became restricted while the job was suspended.",
		bringAbout: becomeRestricted, says: "Pod Security Standard",
	},
	{
		name: "start-timeout", comment: "A worker is not ready in time.",
		bringAbout: creates(gated{
			annotations: `run.ai/start-timeout: 10s`, workers: 2, script: "true",
			worker: `containers: [{name: mpi, image: "IMAGE", ` +
				`command: [sh, -c, "case $(hostname) in *-1) sleep 3600; esac; exec /usr/sbin/sshd -De"]}]`,
		}),
		says: "\nFailed: the job did not start: these workers were not ready within 10 s",
	},
	{
		name: "suspended", comment: "A user has suspended the job.",
		bringAbout: creates(gated{runPolicy: "suspend: true", workers: 2, script: "true"}), says: "the job was suspended by a user",
	},
	{
		name: "running", comment: "The launcher and the workers run.",
		bringAbout: creates(gated{workers: 2, script: "echo epoch 1; sleep 600"}), says: "STATUS:                Running",
	},
	{
		name: "failed", comment: "The program of the job ends with an error, each of two times.",
		bringAbout: submits("-i", images.OperatorLike, "--processes=2", "--backoff-limit=1", "--",
			"sh", "-c", "for n in $(seq 12); do echo epoch $n; done; echo 'Traceback: loss is NaN' >&2; exit 3"),
		says: "Failed: the launcher exited with code 3 after 2 attempts",
	},
	{
		name: "out-of-memory", comment: "The launcher needs more memory than its limit.",
		bringAbout: submits("-i", images.OperatorLike, "--processes=1", "--memory=64M", "--memory-limit=64M", "--backoff-limit=0", "--",
			"sh", "-c", "echo loading the data; exec perl -e '$x = q(x) x (512 << 20); print length $x'"),
		says: "Failed: container mpi",
	},
	{
		name: "succeeded", comment: "The job has ended without an error.",
		bringAbout: submits("-i", images.OperatorLike, "--processes=2", "--", "mpirun", "--allow-run-as-root", "-np", "2", "sleep", "3"),
		says:       "STATUS:                Succeeded",
	},
}

// submitWith submits a job whose image is pulled.
func submitWith(t *testing.T, args ...string) {
	t.Helper()
	if _, stderr, code := product.Runai(t, append([]string{"submit-mpi", "--image-pull-policy=always"}, args...)...); code != 0 {
		t.Fatal(stderr)
	}
}

func becomeRestricted(t *testing.T, namespace string) {
	t.Helper()
	creates(gated{runPolicy: "suspend: true", workers: 2, script: "true"})(t, namespace)
	object := &corev1.Namespace{}
	if err := product.Client.Get(t.Context(), client.ObjectKey{Name: namespace}, object); err != nil {
		t.Fatal(err)
	}
	object.Labels["pod-security.kubernetes.io/enforce"] = "restricted"
	if err := product.Client.Update(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	suite.Kubectl(t, product.User, "", "patch", "mpijob", "dist1", "-n", namespace, "--type=merge",
		`--patch={"spec":{"runPolicy":{"suspend":false}}}`)
}

// A full queue has room for one job, and stops it for one with a higher priority.
const fullQueue = `[
  {"op": "replace", "path": "/spec/resourceGroups/0/flavors/0/resources/0/nominalQuota", "value": "200m"},
  {"op": "add", "path": "/spec/preemption", "value": {"withinClusterQueue": "LowerPriority"}},
  {"op": "replace", "path": "/spec/stopPolicy", "value": "None"}
]`

const urgent = `
apiVersion: kueue.x-k8s.io/v1beta2
kind: WorkloadPriorityClass
metadata: {name: urgent}
value: 1000
`

// recordQueue records jobs that wait in a queue of Kueue.
func recordQueue(t *testing.T) {
	t.Helper()
	namespace := addProject(t, "s-queue", v1alpha1.ProjectSpec{
		Queue: "research", NodeAffinity: v1alpha1.NodeAffinity{Train: []string{lab.NodeType}},
	})
	startKueue(t, namespace)
	suite.Kubectl(t, product.User, "", "patch", "clusterqueue", "research", "--type=json", "--patch="+fullQueue)
	product.CreateManifest(t, namespace, urgent)
	queued := func(job string) {
		submit(t, "", job, "-n", namespace, "-i", images.OperatorLike, "--processes=1", "--cpu=100m", "--", "sleep", "600")
	}
	queued("dist1")
	suite.Eventually(t, "the first job runs", time.Minute, func() error {
		stdout, _, _ := product.Runai(t, "describe", "dist1", "-n", namespace)
		return suite.Says(stdout, "STATUS:                Running")
	})
	queued("dist2")
	jobState{name: "queued-first", comment: "The queue is full.", says: "at position 1 of queue research: couldn't"}.
		record(t, namespace, "dist2")
	time.Sleep(time.Second) // Kueue orders the jobs of one second by their UIDs
	queued("dist3")
	jobState{name: "queued-second", comment: "The queue is full, and another job is first.", says: "at position 2 of queue research"}.
		record(t, namespace, "dist3")
	product.CreateManifest(t, namespace, gated{
		name: "urgent", labels: "kueue.x-k8s.io/priority-class: urgent", workers: 1, script: "sleep 600",
		worker: `containers: [{name: mpi, image: "IMAGE", resources: {requests: {cpu: 200m}}}]`,
	}.String())
	jobState{name: "preempted", comment: "The queue has stopped the job for one of a higher priority.",
		says: "resources. It waits at position"}.record(t, namespace, "dist1")
}
