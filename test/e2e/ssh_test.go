package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// A plainJob is a job of two workers, without what the webhook adds. All but the names is YAML in one line each.
type plainJob struct {
	image          string
	spec           string // of the job
	pod            string // of both roles
	launcher       string // the arguments of mpirun
	worker, volume string // of the worker's container and pod
	workers        int
}

func (j plainJob) create(t *testing.T, user *env.User, namespace, name string) {
	t.Helper()
	if j.workers == 0 {
		j.workers = 2
	}
	environment := `[{name: PLAIN, value: "1"}, {name: SECRET, valueFrom: {secretKeyRef: {name: credentials, key: token}}},` +
		` {name: LINES_, value: "a\nb"}, {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]`
	manifest := strings.NewReplacer(
		"NAME", name, "IMAGE", j.image, "SPEC", j.spec, "POD", j.pod, "ARGUMENTS", j.launcher, "CONTAINER", j.worker, "VOLUMES", j.volume,
		"ENVIRONMENT", environment, "WORKERS", fmt.Sprint(j.workers), "RANK",
		`echo \"rank=${OMPI_COMM_WORLD_RANK:-$PMI_RANK} on=$(hostname) plain=$PLAIN secret=$SECRET lines=$(echo \"$LINES_\" | tr '\\n' ,)`+
			` x=$FROM_X pod=$POD site=$`+images.SiteVariable+`\"`+images.Linger,
	).Replace(`
apiVersion: kubeflow.org/v2beta1
kind: MPIJob
metadata: {name: NAME, annotations: {run.ai/interactive: "true"}}
spec:
  runPolicy: {cleanPodPolicy: Running}
  SPEC
  mpiReplicaSpecs:
    Launcher:
      replicas: 1
      restartPolicy: Never
      template:
        spec:
          POD
          containers:
          - name: mpi
            image: IMAGE
            args: [mpirun, ARGUMENTS sh, -c, "RANK"]
            env: ENVIRONMENT
    Worker:
      replicas: WORKERS
      template:
        spec:
          POD
          VOLUMES
          containers:
          - name: mpi
            image: IMAGE
            CONTAINER
            env: ENVIRONMENT
`)
	suite.Kubectl(t, user, manifest, "create", "-n", namespace, "-f", "-")
}

const beside = "-x, FROM_X=x, " // mpirun's own way to set a variable

func haveSecret(t *testing.T, namespace string) {
	t.Helper()
	suite.Kubectl(t, product.User, "", "create", "secret", "generic", "credentials", "-n", namespace, "--from-literal=token=from-secret")
}

// seesEnvironment asserts that each rank has the job's variables, and not the pod's own of the launcher.
func seesEnvironment(t *testing.T, ranks []map[string]string, isOpenMPI bool) {
	t.Helper()
	for _, rank := range ranks {
		if rank["plain"] != "1" || rank["secret"] != "from-secret" || rank["lines"] != "a,b," {
			t.Errorf("a rank has %v", rank)
		}
		if isOpenMPI && (rank["x"] != "x" || rank["pod"] != "") {
			t.Errorf("a rank has %v", rank)
		}
	}
}

// Images run as root as their packages or their site made them, in each way that a job can request.
func TestPlainImageAsRoot(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "plain-images", v1alpha1.ProjectSpec{})
	haveSecret(t, namespace)
	for name, job := range map[string]plainJob{
		"openmpi4":    {image: images.OpenMPI4, launcher: beside},
		"openmpi5":    {image: images.OpenMPI5, launcher: beside},
		"mpich":       {image: images.MPICH, spec: "mpiImplementation: MPICH"},
		"site":        {image: images.SiteOpenMPI5, launcher: beside},
		"keys":        {image: images.OpenMPI5, spec: "sshAuthMountPath: /etc/keys", launcher: beside},
		"user":        {image: images.OperatorLike, launcher: beside, pod: "securityContext: {runAsUser: 1000}"},
		"works-mpich": {image: images.MPICH, spec: "mpiImplementation: MPICH\n  runLauncherAsWorker: true"},
		"works":       {image: images.OpenMPI5, spec: "runLauncherAsWorker: true", launcher: beside},
		"readonly": {image: images.OpenMPI4, launcher: beside, volume: "volumes: [{name: tmp, emptyDir: {}}]",
			worker: "securityContext: {readOnlyRootFilesystem: true}\n            volumeMounts: [{name: tmp, mountPath: /tmp}]"},
		"own": {image: images.OperatorLike, launcher: beside, worker: `command: [/usr/sbin/sshd, -Dep2022]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job.create(t, product.User, namespace, name)
			ranks := fields(output(t, namespace, name))
			if strings.HasPrefix(name, "works") {
				onLauncher := slices.ContainsFunc(ranks, func(r map[string]string) bool { return r["on"] == name+"-launcher" })
				if !onLauncher || len(ranks) != 3 {
					t.Fatalf("the ranks are %v", ranks)
				}
			} else {
				isOn(t, ranks, name, 1)
				seesEnvironment(t, ranks, name != "mpich")
			}
			if name == "site" && ranks[0]["site"] != images.SiteValue {
				t.Errorf("PAM did not set %s: %v", images.SiteVariable, ranks[0])
			}
		})
	}
}

// With an identity, hydra finds the launcher, and ranks see what the image's /etc/environment sets.
func TestIdentityInPlainImages(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "identity-images", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired})
	haveSecret(t, namespace)
	user := login(t, namespace, claims)
	for name, job := range map[string]plainJob{
		"mpich": {image: images.SiteMPICH, spec: "mpiImplementation: MPICH"},
		"own":   {image: images.SiteOpenMPI4, launcher: beside, worker: `command: [/usr/sbin/sshd, -D, "-oPort 2022"]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job.create(t, user, namespace, name)
			ranks := fields(output(t, namespace, name))
			isOn(t, ranks, name, 1)
			seesEnvironment(t, ranks, name != "mpich")
			if name == "mpich" && ranks[0]["site"] != images.SiteValue {
				t.Errorf("%s is lost: %v", images.SiteVariable, ranks[0])
			}
		})
	}
}

// On the node's network, two workers would have the same port. One of them waits, and a job of one worker runs.
func TestHostNetwork(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "host-network", v1alpha1.ProjectSpec{})
	haveSecret(t, namespace)
	const inNode = "hostNetwork: true\n          nodeSelector: {kubernetes.io/hostname: " + lab.NodeName + "}"
	plainJob{image: images.OpenMPI5, pod: inNode, launcher: beside, workers: 1}.create(t, product.User, namespace, "one")
	seesEnvironment(t, fields(output(t, namespace, "one")), true)
	plainJob{image: images.OpenMPI5, pod: inNode, launcher: beside}.create(t, product.User, namespace, "two")
	suite.Eventually(t, "one worker waits", time.Minute, func() error {
		pods := &corev1.PodList{}
		if err := product.Client.List(t.Context(), pods, client.InNamespace(namespace)); err != nil {
			return err
		}
		running, waiting := 0, 0
		for _, pod := range pods.Items {
			if !strings.HasPrefix(pod.Name, "two-worker-") {
				continue
			}
			if pod.Status.Phase == corev1.PodRunning {
				running++
			}
			for _, condition := range pod.Status.Conditions {
				if condition.Reason == corev1.PodReasonUnschedulable && strings.Contains(condition.Message, "free ports") {
					waiting++
				}
			}
		}
		if running != 1 || waiting != 1 {
			return fmt.Errorf("%d run and %d wait", running, waiting)
		}
		return nil
	})
}

// The commands of the quickstart, as pasted, run on both workers of a plain image.
func TestQuickstartCommands(t *testing.T) {
	namespace := addProject(t, "quickstart", v1alpha1.ProjectSpec{NodeAffinity: v1alpha1.NodeAffinity{Train: []string{lab.NodeType}}})
	haveGPUs(t)
	page, err := os.ReadFile("../../docs/quickstart.md")
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "runai submit-mpi hello --") {
			continue
		}
		found = true
		for name, image := range map[string]string{"hello4": images.OpenMPI4, "hello5": images.OpenMPI5} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				words, err := shellWords(line)
				if err != nil {
					t.Fatal(err)
				}
				for i, word := range words {
					words[i] = map[string]string{"hello": name, "example/train": image}[word]
					if words[i] == "" {
						words[i] = word
					}
				}
				submit(t, "", append([]string{"-p", "quickstart"}, words[2:]...)...)
				out := output(t, namespace, name)
				for worker := range 2 {
					if want := fmt.Sprintf("on %s-worker-%d", name, worker); !strings.Contains(out, want) {
						t.Errorf("%q does not contain %q", out, want)
					}
				}
				if !strings.Contains(out, "EPOCHS=3") {
					t.Errorf("%q has no variable of -e", out)
				}
			})
		}
	}
	if !found {
		t.Error("the page submits no job")
	}
}

// shellWords splits a command line as a shell does.
func shellWords(line string) ([]string, error) {
	text, err := exec.Command("sh", "-c", `runai() { printf '%s\0' runai "$@"; }`+"\n"+line).Output()
	if err != nil {
		return nil, err
	}
	words := strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
	if len(words) < 3 {
		return nil, errors.New("no command")
	}
	return words, nil
}

// The recorded answers by which the webhook learned to read command lines are those of a real sshd.
func TestSSHDCommandLines(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "command-lines", v1alpha1.ProjectSpec{})
	recorded, err := os.ReadFile("../../webhook/policy/testdata/sshd-command-lines.txt")
	if err != nil {
		t.Fatal(err)
	}
	const script = `mkdir -p /run/sshd /root/.ssh; echo Port 1111 >/tmp/p1111; cp /etc/ssh/ssh_host_rsa_key /root/.ssh/id_rsa
while IFS= read -r line; do
  words=${line%	*} rest=${line%	*}
  set --
  while [ -n "$rest" ]; do
    set -- "$@" "${rest%%|*}"
    case $rest in *"|"*) rest=${rest#*|} ;; *) rest= ;; esac
  done
  case $words in *"|") set -- "$@" "" ;; esac
  if out=$(/usr/sbin/sshd -T "$@" 2>/dev/null); then
    answer=$(printf '%s\n' "$out" | sed -n 's/^listenaddress .*:\([0-9]*\).*/\1/p' | sort -nu | tr '\n' ' ')
    answer=${answer% }
  else
    answer=ends
  fi
  [ "$answer" = "${line##*	}" ] || printf '%s: recorded %s, sshd says %s\n' "$words" "${line##*	}" "$answer"
done
echo compared`
	for name, image := range map[string]string{"sshd-9": images.OpenMPI4, "sshd-10": images.OpenMPI5} {
		var lines []string
		for line := range strings.Lines(string(recorded)) {
			if strings.Contains(line, "\t") && !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
		}
		suite.Kubectl(t, product.User, "", "run", name, "-n", namespace, "--image="+image, "--image-pull-policy=Never", "--restart=Never",
			"--command", "--", "sleep", "300")
		suite.Kubectl(t, product.User, "", "wait", "pod/"+name, "-n", namespace, "--for=condition=Ready", "--timeout=60s")
		got := suite.Kubectl(t, product.User, strings.Join(lines, ""), "exec", "-i", name, "-n", namespace, "--", "sh", "-c", script)
		if got != "compared\n" {
			t.Errorf("%s: %s", name, got)
		}
	}
}
