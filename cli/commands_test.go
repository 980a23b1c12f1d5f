package main

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// words returns the arguments after the program's name, as a shell splits them.
func words(t *testing.T, command string) []string {
	t.Helper()
	out, err := exec.Command("sh", "-c", `runai() { for word; do printf '%s\0' "$word"; done; }; `+command).Output()
	if err != nil {
		t.Fatalf("%s: %s", command, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// dryRun returns the job of a command, without a cluster.
func dryRun(t *testing.T, command string) (stdout, stderr string) {
	t.Helper()
	args := words(t, command)
	own, _ := splitWords(args)
	for _, flag := range []string{"--dry-run=client", "-n=same"} {
		name, _, _ := strings.Cut(flag, "=")
		if !slices.ContainsFunc(own, func(arg string) bool { return strings.HasPrefix(arg, name) && !strings.HasPrefix(arg, "-name") }) {
			args = slices.Insert(args, len(own), flag)
		}
	}
	stdout, stderr, code := runai(t, args...)
	if code != 0 {
		t.Errorf("%s\nexit code %d: %s", command, code, stderr)
	}
	return stdout, stderr
}

// typedCommands are commands in old, new and mixed syntax, and the same commands in today's syntax. Both
// make the same job.
var typedCommands = []struct{ typed, means string }{
	// The documentation, the walkthroughs and a tutorial.
	{"runai submit-mpi --name dist1 --processes=2 -g 1 \\\n    -i gcr.io/run-ai-demo/quickstart-distributed", "runai submit-mpi --name dist1 --processes 2 --gpu 1 --image gcr.io/run-ai-demo/quickstart-distributed"},
	{"runai submit-mpi dist --processes=2 -g 1 -i gcr.io/run-ai-demo/quickstart-distributed:v0.3.0 -e RUNAI_SLEEP_SECS=60", "runai submit-mpi --name dist --processes 2 --gpu 1 --image gcr.io/run-ai-demo/quickstart-distributed:v0.3.0 --environment RUNAI_SLEEP_SECS=60"},
	{`runai submit-mpi dist-int --processes=2 -g 1 -i gcr.io/run-ai-demo/quickstart-distributed:v0.3.0 --interactive -- sh -c "sleep infinity"`, "runai submit-mpi --name dist-int --processes 2 --gpu 1 --image gcr.io/run-ai-demo/quickstart-distributed:v0.3.0 --interactive -- sh -c 'sleep infinity'"},
	{"runai submit-mpi horovod-tf-test --image warvito/dist-horovod:tf --always-pull-image --processes 2 --gpu 1 --project wds20", "runai submit-mpi --name horovod-tf-test --image warvito/dist-horovod:tf --processes 2 --gpu 1 --project wds20"},
	{"runai submit-mpi -i x -e BATCH_SIZE=50 -e LEARNING_RATE=0.2", "runai submit-mpi --image x --environment BATCH_SIZE=50 --environment LEARNING_RATE=0.2"},
	{"runai submit-mpi j -i x --command script.py --args 10000", "runai submit-mpi --name j --image x --old-command=script.py --args=10000"},
	{"runai submit-mpi j -i x --command -- script.py 10000", "runai submit-mpi --name j --image x --old-command=script.py --old-command=10000"},
	{"runai submit-mpi j -i x --pvc :3Gi:/tmp/john:ro", "runai submit-mpi --name j --image x --pvc=:3Gi:/tmp/john:ro"},
	{"runai submit-mpi j -i x --pvc my-storage:3Gi:/tmp/john:ro", "runai submit-mpi --name j --image x --pvc=my-storage:3Gi:/tmp/john:ro"},
	{"runai submit-mpi j -i x --pvc :3Gi:/tmp/john", "runai submit-mpi --name j --image x --pvc=:3Gi:/tmp/john:rw"},
	{"runai submit-mpi j -i x --pvc my-pvc:/tmp/john", "runai submit-mpi --name j --image x --pvc=my-pvc:/tmp/john:rw"},
	{"runai submit-mpi j -i x --pvc my-pvc-2:/tmp/john:ro", "runai submit-mpi --name j --image x --pvc=my-pvc-2:/tmp/john:ro"},
	{"runai submit-mpi j -i x -v /raid/public/john/data:/root/data:ro", "runai submit-mpi --name j --image x --volume=/raid/public/john/data:/root/data:ro"},
	{"runai submit-mpi j -i x -v /public/data:/root/data::nfs.example.com", "runai submit-mpi --name j --image x --volume=/public/data:/root/data --nfs-server nfs.example.com"},

	// The name before, between and after the flags.
	{"runai submit-mpi -i x j -g 1", "runai submit-mpi --name j --image x --gpu 1"},
	{"runai submit-mpi -i x -g 1 j", "runai submit-mpi --name j --image x --gpu 1"},
	{"runai submit-mpi -i x --interactive j", "runai submit-mpi --name j --image x --interactive"},
	{"runai submit-mpi -i x --large-shm j", "runai submit-mpi --name j --image x --large-shm"},
	{"runai submit-mpi -i x -t --stdin j -- bash", "runai submit-mpi --name j --image x --tty --stdin -- bash"},
	{"runai submit-mpi j --name j -i x", "runai submit-mpi --name j --image x"},
	{"runai mpi j -i x", "runai submit-mpi --name j --image x"},
	{"runai mj -i x j", "runai submit-mpi --name j --image x"},
	{"runai mpi -i x --interactive j -- bash", "runai submit-mpi --name j --image x --interactive -- bash"},
	{"runai mpi submit j -i x", "runai submit-mpi --name j --image x"},
	{"runai mpi submit -i x", "runai submit-mpi --image x"},
	{"runai mpi -i x --name submit", "runai submit-mpi --name submit --image x"},
	{"runai training mpi submit j -i x -g 1", "runai submit-mpi --name j --image x --gpu 1"},
	{"runai submit-dist mpi --name j -i x", "runai submit-mpi --name j --image x"},

	// Values with and without an equal sign or a space before them.
	{"runai submit-mpi --name=j --image=x --gpu=0.5 --processes=4", "runai submit-mpi --name j --image x --gpu 0.5 --processes 4"},
	{"runai submit-mpi j -ix -g2", "runai submit-mpi --name j --image x --gpu 2"},
	{"runai submit-mpi j -i=x -g=2 -p=team-a", "runai submit-mpi --name j --image x --gpu 2 --project team-a"},
	{"runai submit-mpi j -i x -g 1.0", "runai submit-mpi --name j --image x --gpu 1"},
	{"runai submit-mpi j -i x -g .5", "runai submit-mpi --name j --image x --gpu 0.5"},
	{"runai submit-mpi j -i x --tty=false --stdin=false --interactive=false --large-shm=false", "runai submit-mpi --name j --image x --large-shm=false"},
	{"runai submit-mpi j -i x --host-ipc=true --host-network", "runai submit-mpi --name j --image x --host-network=true --host-ipc"},
	{"runai submit-mpi j -i x --local-image=true", "runai submit-mpi --name j --image x --image-pull-policy never"},
	{"runai submit-mpi j -i x --local-image --image-pull-policy always", "runai submit-mpi --name j --image x --image-pull-policy=Never"},
	{"runai submit-mpi j -i x --image-pull-policy ifNotPresent", "runai submit-mpi --name j --image x --image-pull-policy=IfNotPresent"},
	{"runai submit-mpi j -i x --mpi-implementation mpich", "runai submit-mpi --name j --image x --mpi-implementation=MPICH"},
	{"runai submit-mpi j -i x --mpi-implementation OpenMPI", "runai submit-mpi --name j --image x"},
	{"runai submit-mpi j -i x --attach", "runai submit-mpi --name j --image x --stdin --tty"},
	{"runai submit-mpi j -i x --attach --tty=false", "runai submit-mpi --name j --image x --stdin"},

	// Old names of flags.
	{"runai submit-mpi j -i x --backoffLimit 2", "runai submit-mpi --name j --image x --backoff-limit 2"},
	{"runai submit-mpi j -i x --volumes /a:/b", "runai submit-mpi --name j --image x --volume /a:/b"},
	{"runai submit-mpi -i x --name-prefix train", "runai submit-mpi --image x --job-name-prefix train"},

	// The command in old, new and mixed syntax.
	{"runai submit-mpi j -i x --command sh --args -c --args 'train --epochs=3'", "runai submit-mpi --name j --image x --command=sh -- -c 'train --epochs=3'"},
	{"runai submit-mpi j -i x --command=sh --args=-c --args=train", "runai submit-mpi --name j --image x --old-command sh -- -c train"},
	{"runai submit-mpi j -i x --command=sh -- -c train", "runai submit-mpi --name j --image x --command=sh --args=-c --args=train"},
	{"runai submit-mpi j -i x --args --epochs --args 3", "runai submit-mpi --name j --image x -- --epochs 3"},
	{"runai submit-mpi j -i x --args=--epochs=3", "runai submit-mpi --name j --image x -- --epochs=3"},
	{"runai submit-mpi j -i x --args mpirun -- train", "runai submit-mpi --name j --image x -- mpirun train"},
	{"runai submit-mpi j -i x --command=true -- run.sh 1 54", "runai submit-mpi --name j --image x --command -- run.sh 1 54"},
	{"runai submit-mpi j -i x --command -- run.sh --gpu 4 -- -x", "runai submit-mpi --name j -i x --command=1 -- run.sh --gpu 4 -- -x"},
	{"runai submit-mpi j -i x --", "runai submit-mpi --name j --image x"},

	// Commas and equal signs in values.
	{"runai submit-mpi j -i x -e A=b=c -e NCCL_DEBUG_SUBSYS=init,env", "runai submit-mpi --name j --image x --environment=A=b=c --environment=NCCL_DEBUG_SUBSYS=init,env"},
	{"runai submit-mpi j -i x -eA=1 -e 'OPTS=--x=1 --y=2'", "runai submit-mpi --name j --image x -e=A=1 --environment 'OPTS=--x=1 --y=2'"},
	{"runai submit-mpi j -i x -e A=1 -e A=2", "runai submit-mpi --name j --image x -e A=2"},
	{"runai submit-mpi j -i x -e A=", "runai submit-mpi --name j --image x --environment=A="},
	{"runai submit-mpi j -i x -v /a:/b,/c:/d:ro", "runai submit-mpi --name j --image x -v /a:/b -v /c:/d:ro"},
	{"runai submit-mpi j -i x --pvc one:/a,two:/b:ro", "runai submit-mpi --name j --image x --pvc one:/a --pvc two:/b:ro"},
	{"runai submit-mpi j -i x --pvc :1Gi:/a,fast:2Gi:/b", "runai submit-mpi --name j --image x --pvc :1Gi:/a: --pvc fast:2Gi:/b:"},
	{"runai submit-mpi j -i x --pvc=fast:3Gi:/tmp/john:", "runai submit-mpi --name j --image x --pvc fast:3Gi:/tmp/john"},
	{"runai submit-mpi j -i x --memory 1G --memory-limit 2G --cpu 0.5 --cpu-limit 1", "runai submit-mpi --name j --image x --memory=1G --memory-limit=2G --cpu=500m --cpu-limit=1.0"},
}

func TestOldAndNewSyntax(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for _, command := range typedCommands {
		t.Run(command.typed, func(t *testing.T) {
			typed, _ := dryRun(t, command.typed)
			means, _ := dryRun(t, command.means)
			if typed != means || typed == "" {
				t.Errorf("typed:\n%s\nmeant:\n%s", typed, means)
			}
		})
	}
}

// Flags that have no effect, or have another name today, print a warning.
func TestFlagWarnings(t *testing.T) {
	for command, want := range map[string]string{
		"runai submit-mpi j -i x --always-pull-image": "Warning: --always-pull-image is deprecated and has no effect: use --image-pull-policy\n",
		"runai submit-mpi j -i x --local-image":       "Warning: --local-image is deprecated: use --image-pull-policy=Never\n",
		"runai submit-mpi j -i x --backoff-limit 2":   "",
		"runai submit-mpi j -i x --command 'python train.py'": "Warning: the container runs one program called \"python train.py\": " +
			"use --command -- python train.py to run it with arguments\n",
	} {
		if _, stderr := dryRun(t, command); stderr != want {
			t.Errorf("%s\ngot  %swant %s", command, stderr, want)
		}
	}
}
