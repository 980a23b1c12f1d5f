package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// contractSays returns why the contract refuses the value of a flag.
func contractSays(t *testing.T, key, value string) string {
	t.Helper()
	err := new(annotations.Intent).Set(key, value)
	if err == nil {
		t.Fatalf("%s: %s is accepted", key, value)
	}
	return err.Error()
}

// jobSays returns why a job is refused.
func jobSays(t *testing.T, job *v2beta1.MPIJob) string {
	t.Helper()
	errs := mpijob.Validate(job)
	if len(errs) == 0 {
		t.Fatal("the job is accepted")
	}
	return errs[0].Detail
}

// badBool is the error of a switch that is set to maybe.
func badBool(flag string) string {
	return `invalid value "maybe" for ` + flag + `: must be true or false`
}

// Each mistake is one entry with the flag, what is wrong and what is accepted. The exit code is 2, and
// nothing is sent: there is no cluster to send it to.
func TestMistakes(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	gpu := func(value string) string {
		return invocation.Problem("--gpu", value, contractSays(t, annotations.GPUKey, value))
	}
	label := func(flag, value string) string {
		return invocation.Problem(flag, value, contractSays(t, annotations.NodeTypeKey, value))
	}
	repository := func(value string) string {
		return "invalid --git-sync: " + strings.ReplaceAll(contractSays(t, annotations.GitSyncKey, value), annotations.GitSyncSecretKey, "secret=")
	}
	const (
		badNamespace = `invalid value "Name_Space" for --namespace: must have only lower case letters, digits and '-', and begin and end with a letter or digit`
		claimForm    = "expected CLAIM:PATH[:ro], or [STORAGE-CLASS]:SIZE:PATH[:ro] for a new claim"
		badHost      = "must be a host name or an IP address, for example nfs.example.com"
	)
	longName := strings.Repeat("a", 53)
	tooLong := mpijobtest.MakeMPIJob(longName, "").Obj()
	workers := int32(101)
	tooLong.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Replicas = &workers
	for _, test := range []struct {
		args string
		want []string
	}{
		{"-i x -g 1.5", []string{gpu("1.5")}},
		{"-i x -g -1", []string{gpu("-1")}},
		{"-i x -g NaN", []string{gpu("NaN")}},
		{"-i x -g Inf", []string{gpu("Inf")}},
		{"-i x -g 1e400", []string{gpu("1e400")}},
		{"-i x -g 1 --gpu-memory 1G", []string{"--gpu and --gpu-memory cannot be used together"}},
		{"-i x --gpu-devices 2", []string{"--gpu-devices requires --gpu-memory, or --gpu with a fraction; for whole GPUs, use only --gpu"}},
		{"-i x -g 2 --gpu-devices 2", []string{"--gpu-devices requires --gpu-memory, or --gpu with a fraction; for whole GPUs, use only --gpu"}},
		{"-i x -g 0.5 --gpu-devices 0", []string{invocation.Problem("--gpu-devices", "0", contractSays(t, annotations.GPUDevicesKey, "0"))}},
		{"-i x -g half --gpu-devices 2", []string{invocation.Problem("--gpu", "half", contractSays(t, annotations.GPUKey, "half"))}},
		{"-i x --gpu-memory 0", []string{invocation.Problem("--gpu-memory", "0", contractSays(t, annotations.GPUMemoryKey, "0"))}},
		{"-i x --gpu-memory big", []string{invocation.Problem("--gpu-memory", "big", contractSays(t, annotations.GPUMemoryKey, "big"))}},
		{"-i x --processes 0", []string{`invalid value "0" for --processes: must be a whole number, 1 or more`}},
		{"-i x --processes=two", []string{`invalid value "two" for --processes: must be a whole number, 1 or more`}},
		{"-i x --processes=3000000000", []string{`invalid value "3000000000" for --processes: must be at most 2147483647`}},
		{"-i x --slots-per-worker 0", []string{`invalid value "0" for --slots-per-worker: must be a whole number, 1 or more`}},
		{"-i x --backoff-limit -1", []string{`invalid value "-1" for --backoff-limit: must be a whole number, 0 or more`}},
		{"-i x -t", []string{"--tty requires --stdin"}},
		{"", []string{`missing --image for "runai submit-mpi", for example --image example/train:v1`}},
		{"-i x --num-processes 2", []string{"unknown flag --num-processes for \"runai submit-mpi\"\nDid you mean --processes?"}},
		{"-i x --imgae y", []string{"unknown flag --imgae for \"runai submit-mpi\"\nDid you mean --image?"}},
		{"-i x --gpu-memory-limit 4G", []string{`unknown flag --gpu-memory-limit for "runai submit-mpi": a limit above --gpu-memory is not supported: remove the flag`}},
		{"-i x --gpu-devices-request=2", []string{`unknown flag --gpu-devices-request for "runai submit-mpi": use --gpu for whole GPUs, and --gpu-devices for a fraction of several`}},
		{"-i x --frobnicate", []string{`unknown flag --frobnicate for "runai submit-mpi"`}},
		{"-i x --tail 3", []string{`unknown flag --tail for "runai submit-mpi": it is a flag of "runai logs"`}},
		{"-i x one two", []string{`unexpected argument "two" for "runai submit-mpi": put the command and the arguments of the container after --, as in -- two`}},
		{"-i x -g 1 -g 2 --gpu=2 -n a --namespace b -e A=1 -e B=2", []string{"--gpu is set twice: remove one of them", "--namespace is set twice: remove one of them"}},
		{"-i x --backoff-limit 1 --backoffLimit 2", []string{"--backoff-limit is set twice: remove one of them"}},
		{"-i x --interactive --interactive=false", []string{"--interactive is set twice: remove one of them"}},
		{"-i x --interactive false", []string{`unexpected "false" after --interactive: use --interactive=false`}},
		{"-i x --run-as-user true j", []string{`unexpected "true" after --run-as-user: use --run-as-user=true`}},
		{"-i x --run-as-user 1000", []string{`unexpected "1000" after --run-as-user, which is true or false`}},
		{"-i x --stdin true --tty false", []string{`unexpected "true" after --stdin: use --stdin=true`}},
		{"-i x -t no", []string{`unexpected "no" after --tty: use --tty=no`}},
		{"-i x --create-home-dir False", []string{`unexpected "False" after --create-home-dir: use --create-home-dir=False`}},
		{"-i x --command false", []string{`unexpected "false" after --command: use --command=false`}},
		{"-i x --command true -- train", []string{`unexpected "true" after --command: use --command=true`}},
		{"-i x --large-shm 8Gi", []string{`unexpected "8Gi" after --large-shm: use --large-shm=8Gi`}},
		{"-i x --large-shm true", []string{`unexpected "true" after --large-shm: use --large-shm=true`}},
		{"-it x", []string{"unknown flag -it for \"runai submit-mpi\"\nDid you mean --stdin --tty?"}},
		{"-image x", []string{"unknown flag -image\nDid you mean --image?"}},
		{"-i x -interactive -name=dist1 --working-dir /code", []string{"unknown flag -interactive\nDid you mean --interactive?", "unknown flag -name\nDid you mean --name?"}},
		{"-i x \u2013processes=2 \u2014name=a \u2212g 1", []string{
			"unknown flag \u2013processes=2: it begins with a dash, not a hyphen\nDid you mean --processes=2?",
			"unknown flag \u2014name=a: it begins with a dash, not a hyphen\nDid you mean --name=a?",
			"unknown flag \u2212g: it begins with a dash, not a hyphen\nDid you mean -g?",
		}},
		{"-i x --project= --namespace=", []string{"missing value for --project, for example -p team-a"}},
		{"-i x --name= j", []string{"missing value for --name, for example --name dist1"}},
		{"-i x one --name two", []string{`the argument NAME conflicts with --name ("one" and "two"): remove one of them, or put the command of the container after --`}},
		{"-i x one --job-name-prefix two", []string{"--job-name-prefix and the argument NAME cannot be used together"}},
		{"-i x --name one --job-name-prefix two", []string{"--job-name-prefix and --name cannot be used together"}},
		{"-i x --name Big_Name", []string{invocation.Problem("--name", "Big_Name", jobSays(t, mpijobtest.MakeMPIJob("Big_Name", "").Obj()))}},
		{"-i x Big_Name", []string{`invalid NAME "Big_Name": ` + jobSays(t, mpijobtest.MakeMPIJob("Big_Name", "").Obj())}},
		{"-i x --processes 101 --name " + longName, []string{invocation.Problem("--name", longName, jobSays(t, tooLong))}},
		{"-i x --cpu 2 --cpu-limit 1", []string{"--cpu 2 exceeds --cpu-limit 1: lower --cpu or raise --cpu-limit"}},
		{"-i x --memory 2Gi --memory-limit 1G", []string{"--memory 2Gi exceeds --memory-limit 1G: lower --memory or raise --memory-limit"}},
		{"-i x --cpu lots", []string{`invalid value "lots" for --cpu: must be a quantity above 0, for example 0.5`}},
		{"-i x --cpu-limit 0", []string{`invalid value "0" for --cpu-limit: must be a quantity above 0, for example 0.5`}},
		{"-i x --memory 8 --memory-limit 512m", []string{
			`invalid value "8" for --memory: must be at least 1Mi, because a number without a unit is bytes; for example 8Gi`,
			`invalid value "512m" for --memory-limit: must be at least 1Mi, because a number without a unit is bytes; for example 8Gi`,
		}},
		{"-i \u201cx\u201d", []string{"argument 3 has a curly quote (\u201c), which a shell does not read as a quote: use ' or \""}},
		{"-i x --memory 8GB", []string{`invalid value "8GB" for --memory: must be a quantity above 0, for example 8G or 8Gi`}},
		{"-i x --pvc :8gb:/data", []string{`invalid --pvc ":8gb:/data": SIZE must be a quantity above 0, for example 8G or 8Gi`}},
		{"-i x --memory -1G", []string{`invalid value "-1G" for --memory: must be a quantity above 0, for example 1G`}},
		{"-i x --memory-limit much", []string{`invalid value "much" for --memory-limit: must be a quantity above 0, for example 1G`}},
		{"-i x --large-shm=1Mi", []string{invocation.Problem("--large-shm", "1Mi", contractSays(t, annotations.LargeShmKey, "1Mi"))}},
		{"-i x --large-shm=big", []string{invocation.Problem("--large-shm", "big", contractSays(t, annotations.LargeShmKey, "big"))}},
		{"-i x -e FOO", []string{`invalid --environment "FOO": expected NAME=VALUE, for example BATCH_SIZE=50`}},
		{"-i x -e 1A=x", []string{`invalid --environment "1A=…": NAME must have only letters, digits, '_', '-' and '.', and not begin with a digit`}},
		{"-i x -e =x", []string{`invalid --environment "=…": NAME must have only letters, digits, '_', '-' and '.', and not begin with a digit`}},
		{"-i x --working-dir code", []string{`invalid value "code" for --working-dir: must be an absolute path, for example /code`}},
		{"-i x --image-pull-policy sometimes", []string{`invalid value "sometimes" for --image-pull-policy: must be Always, IfNotPresent or Never`}},
		{"-i x --mpi-implementation mvapich", []string{`invalid value "mvapich" for --mpi-implementation: must be OpenMPI, MPICH or Intel` + "\nDid you mean MPICH?"}},
		{"-i x --node-type a,b", []string{label("--node-type", "a,b")}},
		{"-i x -p team/a", []string{label("--project", "team/a")}},
		{"-i x --command", []string{"--command requires a command after --, for example --command -- python train.py"}},
		{"-i --processes=2", []string{`missing value for --image before "--processes=2", for example -i gcr.io/run-ai-demo/quickstart-distributed`}},
		{"-i", []string{"missing value for --image, for example -i gcr.io/run-ai-demo/quickstart-distributed"}},
		{"-i x --dry-run=maybe", []string{`invalid value "maybe" for --dry-run: must be none, client or server`}},
		{"-i x --job-name-prefix Big", []string{invocation.Problem("--job-name-prefix", "Big", jobSays(t, mpijobtest.MakeMPIJob("Big-0", "").Obj()))}},
		{"-i x -n Name_Space", []string{badNamespace}},
		{"-i x -n Name_Space -p team/a -g 1.5", []string{
			label("--project", "team/a"),
			badNamespace,
			gpu("1.5"),
		}},
		{"-i x --nfs-server -v /a:/b", []string{`missing value for --nfs-server before "-v", for example --nfs-server nfs.example.com`}},
		{"-i x -v /a:/b::nfs/host", []string{`invalid --volume "/a:/b::nfs/host": NFS-HOST ` + badHost}},
		{"-i x -v /a:/b --nfs-server nfs/host", []string{`invalid value "nfs/host" for --nfs-server: ` + badHost}},
		{"-i x --backoff-limit many", []string{`invalid value "many" for --backoff-limit: must be a whole number, 0 or more`}},
		{"-i x --loglevel loud", []string{`invalid value "loud" for --loglevel: must be debug, info, warn or error`}},
		{"-i x -o xml", []string{`invalid value "xml" for --output: must be name, yaml, json, jsonpath=…, jsonpath-file=…, go-template=… or go-template-file=…`}},
		{"-i x --image-pull-policy alway", []string{`invalid value "alway" for --image-pull-policy: must be Always, IfNotPresent or Never` + "\nDid you mean Always?"}},
		{"-i x --dry-run=clinet", []string{`invalid value "clinet" for --dry-run: must be none, client or server` + "\nDid you mean client?"}},
		{"-i x --pvc a:/b --pvc-access-mode ReadWrite", []string{`invalid value "ReadWrite" for --pvc-access-mode: must be ReadWriteMany, ReadOnlyMany, ReadWriteOnce or ReadWriteOncePod` + "\nDid you mean ReadWriteMany?"}},
		{"-i x --stdin=maybe", []string{badBool("--stdin")}},
		{"-i x --interactive=maybe", []string{badBool("--interactive")}},
		{"-i x --attach=maybe", []string{badBool("--attach")}},
		{"-i x --tty=maybe", []string{badBool("--tty")}},
		{"-i x --local-image=maybe", []string{badBool("--local-image")}},
		{"-i x --always-pull-image=maybe", []string{badBool("--always-pull-image")}},
		{"-i x --host-ipc=maybe", []string{badBool("--host-ipc")}},
		{"-i x --host-network=maybe", []string{badBool("--host-network")}},
		{"-i x --prevent-privilege-escalation=maybe", []string{badBool("--prevent-privilege-escalation")}},
		{"-i x --create-home-dir=maybe", []string{badBool("--create-home-dir")}},
		{"-i x --run-as-user=maybe", []string{badBool("--run-as-user")}},
		{"-i x --git-sync branch=main", []string{repository("branch=main")}},
		{"-i x --git-sync main", []string{`invalid --git-sync "main": expected KEY=VALUE pairs, for example source=https://git.example.com/team/code`}},
		{"-i x --git-sync source=https://h/p,main", []string{repository("source=https://h/p,main")}},
		{"-i x --git-sync source=https://h/p,brnach=main", []string{"invalid --git-sync: unknown key \"brnach\"\nDid you mean \"branch\"?"}},
		{"-i x --git-sync source=https://h/p,zzz=main", []string{`invalid --git-sync: unknown key "zzz": must be source, branch, rev, target, username, password or secret`}},
		{"-i x --git-sync source=https://h/p,rev=a,rev=b", []string{"invalid --git-sync: rev= is set twice"}},
		{"-i x --git-sync source=ext::sh", []string{repository("source=ext::sh")}},
		{"-i x --git-sync source=file:///etc", []string{repository("source=file:///etc")}},
		{"-i x --git-sync source=https://a:b@h/p", []string{repository("source=https://a:b@h/p")}},
		{"-i x --git-sync source=https://h/p,rev=abcdef1", []string{repository("source=https://h/p,rev=abcdef1")}},
		{"-i x --git-sync source=https://h/p,target=code", []string{repository("source=https://h/p,target=code")}},
		{"-i x --git-sync source=https://h/p,username=a", []string{"invalid --git-sync: username= and password= must be set together; use password=@FILE or password=- to keep the password out of the process list"}},
		{"-i x --git-sync source=https://h/p,username=a,password=@/nonexistent", []string{"cannot read the password of --git-sync: open /nonexistent: no such file or directory"}},
		{"-i x --git-sync source=https://h/p,username=a,password=@/dev/null", []string{"cannot read the password of --git-sync: /dev/null is empty"}},
		{"-i x --git-sync source=https://h/p,username=a,password=-,secret=c", []string{"invalid --git-sync: secret= cannot be used together with username= and password="}},
		{"-i x --git-sync source=https://h/p,secret=C", []string{"invalid --git-sync: secret=C must be the name of a Secret: lower case letters, digits, '-' and '.'"}},
		{"-i x --git-sync source=git@h:p,username=a,password=b", []string{"invalid --git-sync: username= and password= cannot be used with ssh: put ssh-privatekey and known_hosts in a Secret and set secret=NAME"}},
		{"-i x --pvc data", []string{`invalid --pvc "data": ` + claimForm + ", for example my-claim:/data"}},
		{"-i x --pvc a:1Gi:/b:ro:x", []string{`invalid --pvc "a:1Gi:/b:ro:x": ` + claimForm + ", for example my-claim:/data"}},
		{"-i x --pvc fast::/data:", []string{`invalid --pvc "fast::/data:": SIZE must be a quantity above 0, for example 3Gi`}},
		{"-i x --pvc fast:big:/data:ro", []string{`invalid --pvc "fast:big:/data:ro": SIZE must be a quantity above 0, for example 3Gi`}},
		{"-i x --pvc :0:/data", []string{`invalid --pvc ":0:/data": SIZE must be a quantity above 0, for example 3Gi`}},
		{"-i x --pvc Fast_1:3Gi:/data:", []string{`invalid --pvc "Fast_1:3Gi:/data:": STORAGE-CLASS must be a name from 'kubectl get storageclasses', or empty for the default`}},
		{"-i x --pvc :3Gi:data", []string{`invalid --pvc ":3Gi:data": PATH must be an absolute path other than /; ` + claimForm}},
		{"-i x --pvc :/data", []string{`invalid --pvc ":/data": ` + claimForm}},
		{"-i x --pvc :3Gi", []string{`invalid --pvc ":3Gi": ` + claimForm}},
		{"-i x --pvc Mine:/data", []string{`invalid --pvc "Mine:/data": CLAIM must be the name of a claim; ` + claimForm}},
		{"-i x --pvc mine:/data:readonly", []string{`invalid --pvc "mine:/data:readonly": MODE must be ro or rw`}},
		{"-i x --pvc mine:/data --pvc-access-mode Any", []string{`invalid value "Any" for --pvc-access-mode: must be ReadWriteMany, ReadOnlyMany, ReadWriteOnce or ReadWriteOncePod`}},
		{"-i x -v /data", []string{`invalid --volume "/data": expected SOURCE:PATH[:MODE[:NFS-HOST]], for example /raid/data:/data:ro`}},
		{"-i x -v data:/data", []string{`invalid --volume "data:/data": SOURCE must be an absolute path without .., for example /raid/data`}},
		{"-i x -v /../etc:/data", []string{`invalid --volume "/../etc:/data": SOURCE must be an absolute path without .., for example /raid/data`}},
		{"-i x -v /data:/", []string{`invalid --volume "/data:/": PATH must be an absolute path other than /, for example /data`}},
		{"-i x -v /data:/data:rx", []string{`invalid --volume "/data:/data:rx": MODE must be ro or rw`}},
		{"-i x -v /a:/data --pvc b:/data/", []string{"cannot mount two volumes at /data: use different paths for --volume and --pvc"}},
		{"-i x --nfs-server nfs", []string{"--nfs-server requires --volume"}},
		{"-i x --command --attach --tty --stdin=false", []string{
			"--tty requires --stdin",
			"--command requires a command after --, for example --command -- python train.py",
		}},
		{"-i x -e A=SECRET:b", []string{`invalid --environment "A=SECRET:…": expected NAME=SECRET:SECRET-NAME,KEY, for example TOKEN=SECRET:credentials,token`}},
		{"-g 1.5 --processes 0 -t", []string{
			`invalid value "0" for --processes: must be a whole number, 1 or more`,
			`missing --image for "runai submit-mpi", for example --image example/train:v1`,
			gpu("1.5"),
			"--tty requires --stdin",
		}},
	} {
		t.Run(test.args, func(t *testing.T) {
			stdout, stderr, code := runai(t, append([]string{"submit-mpi"}, strings.Fields(test.args)...)...)
			want := "runai: " + strings.Join(test.want, "\nrunai: ") + "\n"
			if stderr != want || stdout != "" || code != 2 {
				t.Errorf("exit code %d, stdout %q\ngot  %swant %s", code, stdout, stderr, want)
			}
		})
	}
}

// Commands and arguments that are unknown or missing.
func TestCommandMistakes(t *testing.T) {
	for args, want := range map[string]string{
		"list foo":                            `unknown command "foo" for "runai list": must be jobs or projects; to show a job, use 'runai describe foo'`,
		"list projcts":                        "unknown command \"projcts\" for \"runai list\": must be jobs or projects\nDid you mean projects?",
		"list job foo":                        `unexpected argument "foo" for "runai list jobs": use 'runai describe foo'`,
		"list projects foo":                   `unexpected argument "foo" for "runai list projects"`,
		"resubmit a b":                        `unexpected argument "b" for "runai resubmit": name the new job with --name, and put the arguments of the container after --`,
		"resubmit a python x.py":              `unexpected argument "python" for "runai resubmit": put the command and the arguments of the container after --, as in -- python x.py`,
		"describe job a b":                    `unexpected argument "b" for "runai describe job"`,
		"delete -A a":                         `the argument NAME and --all cannot be used together`,
		"delete --all a":                      `the argument NAME and --all cannot be used together`,
		"mpi submit -i x --interactive false": `unexpected "false" after --interactive: use --interactive=false`,
		"mpi list -p a -p b":                  "--project is set twice: remove one of them",
		"submit mpi -i x":                     "unknown command \"submit\" for \"runai\": see 'runai --help'\nDid you mean submit-mpi?",
		"lst":                                 "unknown command \"lst\" for \"runai\": see 'runai --help'\nDid you mean list?",
		"describe job":                        `missing NAME for "runai describe job": see 'runai describe job --help'`,
		"delete":                              `missing NAME for "runai delete job": name the jobs to delete, or use --all`,
	} {
		_, stderr, code := runai(t, strings.Fields(args)...)
		if want = "runai: " + want + "\n"; stderr != want || code != 2 {
			t.Errorf("%s: exit code %d\ngot  %swant %s", args, code, stderr, want)
		}
	}
}

// A value may be a secret: no error has what follows the equal sign.
func TestEnvironmentMistakeHidesTheValue(t *testing.T) {
	_, stderr, _ := runai(t, "submit-mpi", "-i", "x", "-e", "MY TOKEN=hunter2")
	if !strings.Contains(stderr, "--environment") || strings.Contains(stderr, "hunter2") {
		t.Errorf("got %s", stderr)
	}
}

func TestImageWithSpaces(t *testing.T) {
	_, stderr, code := runai(t, "submit-mpi", "-i", "a\u00a0b")
	if want := "runai: invalid value \"a\\u00a0b\" for --image: must not contain spaces\n"; stderr != want || code != 2 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
}

func TestArgumentsAreText(t *testing.T) {
	_, stderr, code := runai(t, "submit-mpi", "-i", "x", "-e", "TOKEN=hunter2\xff", "--", "\xc3")
	if want := "runai: argument 5 is not valid UTF-8\nrunai: argument 7 is not valid UTF-8\n"; stderr != want || code != 2 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
}

func TestFlagsNeedNoCluster(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("HOME", t.TempDir())
	_, stderr, code := runai(t, "submit-mpi", "-i", "x")
	want := "runai: no kubeconfig found: use --kubeconfig, set KUBECONFIG, or log in to the cluster\n"
	if stderr != want || code != 1 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
}

// An argument of a shell variable that is not set is not the same as none.
func TestEmptyNames(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"submit-mpi", "", "-i", "x"}, "missing value for NAME"},
		{[]string{"submit-mpi", "-i", "x", "-p", ""}, "missing value for --project, for example -p team-a"},
		{[]string{"list", "-n", ""}, "missing value for --namespace, for example -n runai-team-a"},
		{[]string{"delete", "--all", "--context", ""}, "missing value for --context, for example --context cluster"},
	} {
		_, stderr, code := runai(t, test.args...)
		if want := "runai: " + test.want + "\n"; stderr != want || code != 2 {
			t.Errorf("%q: exit code %d, got %s", test.args, code, stderr)
		}
	}
}

// Formats are read before anything is sent.
func TestFormatMistakes(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	const templates = ", jsonpath=…, jsonpath-file=…, go-template=… or go-template-file=…"
	for args, want := range map[string]string{
		"list -o jsn":                        `invalid value "jsn" for --output: must be name, wide, yaml, json` + templates + "\nDid you mean json?",
		"list projects -o table":             `invalid value "table" for --output: must be name, wide, yaml, json` + templates,
		"delete dist1 -o wide":               `invalid value "wide" for --output: must be name, yaml, json` + templates,
		"describe dist1 -oYAML":              `invalid value "YAML" for --output: must be name, wide, yaml, json` + templates + "\nDid you mean yaml?",
		"list -o jsonpath":                   `invalid value "jsonpath" for --output: must have a template, for example jsonpath={.metadata.name}`,
		"list -o go-template-file":           `invalid value "go-template-file" for --output: must have a template, for example go-template-file=FILE`,
		"list -o jsonpath=.metadata.name":    `invalid --output "jsonpath=.metadata.name": expected an expression in braces, for example {.metadata.name}`,
		"list -o jsonpath={.items":           `invalid --output "jsonpath={.items": unclosed action`,
		"list -o go-template={{.items":       `invalid --output "go-template={{.items": line 1: unclosed action`,
		"list -o jsonpath-file=/absent/file": `invalid --output "jsonpath-file=/absent/file": open /absent/file: no such file or directory`,
		"list -o":                            "missing value for --output, for example -o wide",
		"describe dist1 -o --loglevel debug": `missing value for --output before "--loglevel", for example -o yaml`,
		"list -o custom-columns=A:.a":        `invalid value "custom-columns=A:.a" for --output: must be name, wide, yaml, json` + templates,
	} {
		_, stderr, code := runai(t, strings.Fields(args)...)
		if want = "runai: " + want + "\n"; stderr != want || code != 2 {
			t.Errorf("%s: exit code %d\ngot  %swant %s", args, code, stderr, want)
		}
	}
}

// As in the original, --dry-run needs no value.
func TestBareDryRun(t *testing.T) {
	want, _, _ := runai(t, "submit-mpi", "dist1", "-i", "x", "-n", "a", "--dry-run=client")
	for _, args := range []string{
		"submit-mpi dist1 -i x -n a --dry-run", "submit-mpi --dry-run dist1 -i x -n a", "submit-mpi dist1 --dry-run -i x -n a",
		"submit-mpi dist1 -i x -n a --dry-run client", "submit-mpi dist1 -i x -n a --dry-run -- ",
	} {
		stdout, stderr, code := runai(t, strings.Fields(args)...)
		if stdout != want || code != 0 {
			t.Errorf("%s: exit code %d, got %s%s", args, code, stdout, stderr)
		}
	}
}

// Lines that somebody types who knows kubectl, docker, gh, Slurm or the original, or who pastes from a chat.
func TestTypedByHabit(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	const (
		after   = "put the command and the arguments of the container after --, as in -- "
		unknown = "unknown command %q for \"runai\": see 'runai --help'"
	)
	foreign := func(word, meant string) string { return fmt.Sprintf(unknown, word) + "\nDid you mean " + meant + "?" }
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"submit-mpi", "-i", "x", "--interactive", "false"}, `unexpected "false" after --interactive: use --interactive=false`},
		{[]string{"submit-mpi", "-i", "x", "--run-as-user", "no"}, `unexpected "no" after --run-as-user: use --run-as-user=no`},
		{[]string{"submit-mpi", "-i", "x", "--large-shm", "8Gi"}, `unexpected "8Gi" after --large-shm: use --large-shm=8Gi`},
		{[]string{"submit-mpi", "-i", "x", "--large-shm", "8GB"}, `unexpected "8GB" after --large-shm: use --large-shm=8GB`},
		{[]string{"submit-mpi", "-i", "x", "--large-shm", "no"}, `unexpected "no" after --large-shm: use --large-shm=false`},
		{[]string{"submit-mpi", "-i", "x", "python", "train.py", "--epochs", "3"},
			`unexpected argument "train.py" for "runai submit-mpi": ` + after + "python train.py …"},
		{[]string{"submit-mpi", "d", "-i", "x", "python", "train.py"}, `unexpected argument "python" for "runai submit-mpi": ` + after + "python train.py"},
		{[]string{"submit-mpi", "-i", "x", "python", "--epochs", "3"}, `unknown flag --epochs for "runai submit-mpi": ` + after + "python --epochs …"},
		{[]string{"submit-mpi", "-i", "x", "-v", "/a:/b", "--epochs", "3"}, `unknown flag --epochs for "runai submit-mpi"`},
		{[]string{"submit-mpi", "-i", "x", "bash"},
			`the job would be called "bash": put the command of the container after --, or set the name with --name`},
		{[]string{"submit-mpi", "-i", "x", "--gpus", "2"}, "unknown flag --gpus for \"runai submit-mpi\"\nDid you mean --gpu?"},
		{[]string{"submit-mpi", "-i", "x", "--gpus=2"}, "unknown flag --gpus for \"runai submit-mpi\"\nDid you mean --gpu?"},
		{[]string{"submit-mpi", "-i", "x", "-gpu", "2"}, "unknown flag -gpu\nDid you mean --gpu?"},
		{[]string{"submit-mpi", "-i", "x", "--processes", "two"}, `invalid value "two" for --processes: must be a whole number, 1 or more`},
		{[]string{"submit-mpi", "-i", "x", "-i", "y"}, "--image is set twice: remove one of them"},
		{[]string{"submit-mpi", "-i", "x", "--tail", "3"}, `unknown flag --tail for "runai submit-mpi": it is a flag of "runai logs"`},
		{[]string{"list", "--processes", "2"}, `unknown flag --processes for "runai list jobs": it is a flag of "runai submit-mpi"`},
		{[]string{"list", "-processes", "2"}, `unknown flag -processes for "runai list jobs": --processes is a flag of "runai submit-mpi"`},
		{[]string{"describe", "-it", "dist1"}, `unknown flag -it for "runai describe job"`},
		{[]string{"describe", "dist1", "\u2013o", "yaml"}, "unknown flag \u2013o: it begins with a dash, not a hyphen\nDid you mean -o?"},
		{[]string{"submit-mpi", "-i", "x", "--processes\u00a02"}, "argument 4 has a no-break space, which a shell does not read as a space: type it again"},
		{[]string{"submit-mpi", "-i", "x\u00a0--processes", "2"}, "argument 3 has a no-break space, which a shell does not read as a space: type it again"},
		{[]string{"submit-mpi", "-i", "x", "--name=\u201edist1\u201c"}, "argument 4 has a curly quote (\u201e), which a shell does not read as a quote: use ' or \""},
		{[]string{"submit-mpi", "-i", "x", "-e", "\u2018A=s3cret\u2019"}, "argument 5 has a curly quote (\u2018), which a shell does not read as a quote: use ' or \""},
		{[]string{"submit", "-i", "x"}, foreign("submit", "submit-mpi")},
		{[]string{"sumbit-mpi", "-i", "x"}, foreign("sumbit-mpi", "submit-mpi")},
		{[]string{"job", "list"}, foreign("job", "list jobs")},
		{[]string{"get", "jobs"}, foreign("get", "list")},
		{[]string{"ls"}, foreign("ls", "list")},
		{[]string{"rm", "dist1"}, foreign("rm", "delete")},
		{[]string{"squeue"}, foreign("squeue", "list")},
		{[]string{"show", "job", "dist1"}, foreign("show", "describe")},
		{[]string{"frobnicate"}, fmt.Sprintf(unknown, "frobnicate")},
		{[]string{"logs", "job", "dist1"}, `unexpected argument "dist1" for "runai logs": use 'runai logs dist1'`},
		{[]string{"list", "--", "a"}, `unexpected argument "a" after -- for "runai list jobs"`},
		{[]string{"config", "set", "project", "a"}, `unknown command "set" for "runai config": must be project`},
		{[]string{"list", "--loglevel", "warning"}, "invalid value \"warning\" for --loglevel: must be debug, info, warn or error\nDid you mean warn?"},
		{[]string{"list", "-p"}, "missing value for --project, for example -p team-a"},
	} {
		stdout, stderr, code := runai(t, test.args...)
		if want := "runai: " + test.want; !strings.HasPrefix(stderr, want) || strings.HasSuffix(test.want, "?") && stderr != want+"\n" || stdout != "" || code != 2 {
			t.Errorf("%q: exit code %d, stdout %q\ngot  %s\nwant %s", test.args, code, stdout, stderr, want)
		}
		if strings.Contains(stderr, "s3cret") {
			t.Errorf("%q: got %s", test.args, stderr)
		}
	}
}

// What kubectl and gh accept.
func TestAccepted(t *testing.T) {
	for _, pair := range [][2]string{
		{"help", "--help"}, {"help list", "list --help"}, {"help submit-mpi", "submit-mpi --help"}, {"help delete job", "delete job --help"},
	} {
		want, _, _ := runai(t, strings.Fields(pair[1])...)
		if got, stderr, code := runai(t, strings.Fields(pair[0])...); got != want || stderr != "" || code != 0 {
			t.Errorf("%s: exit code %d, got %s%s", pair[0], code, got, stderr)
		}
	}
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for _, args := range []string{"describe jobs dist1", "project list", "list job", "delete jobs dist1"} { // valid, but there is no cluster
		if _, stderr, code := runai(t, strings.Fields(args)...); code != 1 || !strings.Contains(stderr, "no kubeconfig found") {
			t.Errorf("%s: exit code %d, got %s", args, code, stderr)
		}
	}
}

func TestPastedCommandWarns(t *testing.T) {
	_, stderr, code := runai(t, "submit-mpi", "d", "-n", "a", "-i", "x", "--dry-run", "--", "sh", "-c", "\u201csleep", "3\u201d")
	if want := "Warning: the command of the container has a curly quote (\u201c), which a shell does not read as a quote: use ' or \"\n"; stderr != want || code != 0 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
}
